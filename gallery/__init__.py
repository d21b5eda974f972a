"""OURS: cases, stages, consent, originals, renditions, the public site and the ledger."""
