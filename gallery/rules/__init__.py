"""Rules of the trade and of law: values in, values out."""
