"""The static site that readers see."""
