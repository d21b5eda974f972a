"""Slices on other machines through dask.distributed."""

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from urllib.parse import urlsplit

from crawler.errors import RefusedError, UnavailableError

_HERE = ("127.0.0.1", "::1", "localhost")


@contextmanager
def on_cluster(address: str | None) -> Iterator[Executor | None]:
    """Give an executor on the cluster at this address, if any.

    Its workers must see the data folder under the same path, since they compare pictures with its index.
    """
    if not address:
        yield None
        return
    parts = urlsplit(address)
    if parts.scheme != "tls" and parts.hostname not in _HERE:
        raise RefusedError(
            f"{address} is not safe: whoever is on that network could run programs as you",
            hint="use a scheduler with TLS (tls://host:8786), or one on this machine (tcp://127.0.0.1:8786)",
        )
    try:
        distributed = import_module("distributed")  # an extra that most practices do without
    except ImportError as error:
        raise UnavailableError(
            "a cluster needs the extra `cluster`", hint="install it with: pip install 'pairwatch[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=15)
    except (OSError, TimeoutError) as error:
        raise UnavailableError(
            f"no scheduler answers at {address}",
            hint="start one with: dask scheduler; and workers with: dask worker",
        ) from error
    try:
        yield client.get_executor()
    finally:
        client.close()
