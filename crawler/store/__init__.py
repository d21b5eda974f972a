"""All SQL of the crawler, of which one process writes."""
