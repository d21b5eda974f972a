"""The whole story, played on a drawn clinic."""
