"""The legal desk, where people decide what findings are."""
