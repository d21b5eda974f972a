"""Do two aligned pictures show the same photograph: what is measured, and what is decided from it."""
