"""The static site that readers see: what consent allows, in plain files that need no server."""

from gallery.public_site.build import build_site
from gallery.public_site.built import Built

__all__ = ["Built", "build_site"]
