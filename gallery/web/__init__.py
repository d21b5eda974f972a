"""The staff's pages in a browser."""
