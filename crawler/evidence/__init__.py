"""What was seen, kept so that others can check it."""
