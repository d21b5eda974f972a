"""A before and an after, compared and laid over each other."""
