"""THEIRS: sites, visits, sightings, findings and what the legal desk is shown."""
