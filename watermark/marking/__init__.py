"""Marks of a photo, and what became of them in a copy."""
