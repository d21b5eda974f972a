"""The nightly run: one call visits every site once and says how it went."""

from crawler.nightly.night import run, summary_json

__all__ = ["run", "summary_json"]
