"""Pictures drawn by our own code, of nobody who ever lived."""
