"""The static site that readers see: what consent allows, in plain files that need no server."""
