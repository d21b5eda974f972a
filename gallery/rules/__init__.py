"""Rules of the trade and of law, from values to values."""
