"""All SQL of the crawler: sites, runs and their progress, findings and decisions. One process writes."""
