"""A before and an after: taken apart, compared, laid over each other."""
