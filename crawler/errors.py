"""What can go wrong in the crawler."""

from http import HTTPStatus

from watermark.errors import PairwatchError


class CrawlerError(PairwatchError):
    """The watch over other sites could not do what was asked."""


class NotFoundError(CrawlerError):
    """There is no such finding, site or file."""

    status = HTTPStatus.NOT_FOUND


class ConflictError(CrawlerError):
    """What is there already stands against it."""


class AnotherRunActiveError(ConflictError):
    """Another nightly run holds the lock of this data folder."""

    exit_code = 75


class RefusedError(CrawlerError):
    """The input is not what was expected, or a rule forbids it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class BadUrlError(RefusedError):
    """What a person typed is no address of a site."""


class DamagedError(CrawlerError):
    """A file of ours is not as it was written."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR


class UnavailableError(CrawlerError):
    """A service or this machine cannot do it at this moment."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class RunStoppedError(UnavailableError):
    """A run could not go on.

    What was written stays, and the next run goes on.
    """
