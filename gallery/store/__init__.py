"""All SQL and files of the gallery."""
