"""The static site that readers see: what consent allows, in plain files that need no server."""

from gallery.public_site.build import Built, build_site

__all__ = ["Built", "build_site"]
