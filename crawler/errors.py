"""What can go wrong outside, on other people's sites, each as one sentence and what to do about it."""


class CrawlerError(Exception):
    """The watch over other sites could not do what was asked; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep one sentence of what was expected and found, and the way out."""
        super().__init__(message)
        self.hint = hint


class BadUrlError(CrawlerError):
    """An address that a person typed is no address of a site or page."""


class SiteListError(CrawlerError):
    """A site is on both lists, already listed, or not listed at all."""


class AnotherRunActiveError(CrawlerError):
    """Another nightly run holds the lock of this data folder (exit code 75)."""


class RunStoppedError(CrawlerError):
    """A run could not go on (disk full, database locked); what was written stays, and the next one goes on."""


class UnknownFindingError(CrawlerError):
    """There is no finding of that number."""


class RefusedByUsError(CrawlerError):
    """An address that this crawler never connects to: private, loopback, link-local, or not of the web."""
