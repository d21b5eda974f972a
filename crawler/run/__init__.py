"""The nightly run: every site is visited once, and the run says how it went."""
