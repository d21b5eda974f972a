"""A visit to somebody's site."""
