"""Marks that nobody sees, read back from a copy: whose picture, of which page, handed to whom."""
