"""All SQL and files of the gallery: catalogue, casework, drafts, accounts, ledger, vault."""
