"""The legal desk: what was found, what a person decides about it, and the report that others can read."""
