"""Single requests, bounded in bytes, time and where they may connect to."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Any, Self

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ClosedPoolError, HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as PoolTimeoutError

from crawler.clock import Clock, SystemClock
from crawler.errors import CrawlerError
from crawler.http import headers
from crawler.http.deadlines import WATCHDOG, Watched
from crawler.http.exchange import Exchange, Recorder, overhear, security_of
from crawler.http.host_locks import HostLocks, hold
from crawler.http.ip_policy import may_connect
from crawler.reasons import Cause

CHUNK = 65536
_JUMP_S = 1.0  # that the wall clock may differ from the steady one during one request
_REDIRECTS = (301, 302, 303, 307, 308)
Resolver = Callable[[str, int], list[tuple[Any, ...]]]


class FetchError(CrawlerError):
    """An address gave no usable answer, for the cause in `trouble`."""

    def __init__(self, trouble: Cause, message: str) -> None:
        """Keep the kind of trouble and the sentence."""
        super().__init__(message)
        self.trouble = trouble


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one request in decoded bytes and seconds."""

    page_bytes: int = 10 * 1024 * 1024
    image_bytes: int = 32 * 1024 * 1024
    seconds: float = 60.0
    connect_s: float = 10.0
    read_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer with its whole body, or the beginning where it was `cut`.

    `exchange` is the same answer as it came over the wire.

    `sent` is not later than the request's first byte went out, `received` not earlier than the body's last byte came
    in, by the wall clock; both None where that jumped meanwhile.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    seconds: float = 0.0
    address: str = ""
    cut: bool = False
    exchange: Exchange | None = None
    sent: datetime | None = None
    received: datetime | None = None

    @property
    def redirect(self) -> str | None:
        """The canonical address that this answer sends on to, or None."""
        return headers.location(self.headers, self.url) if self.status in _REDIRECTS else None


_here = threading.local()


def _connect(connection: HTTPConnection, allowance: frozenset[str], resolve: Resolver) -> socket.socket:
    """Resolve once, and connect to that very address if it may be reached."""
    host, port = connection.host.strip("[]"), int(connection.port or connection.default_port)
    try:
        found = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise NewConnectionError(connection, f"{host} is not known: {error}") from error
    _here.resolved = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    open_ones = [entry for entry in found if may_connect(str(entry[4][0]), port, allowance)]
    if not open_ones:
        places = ", ".join(sorted({str(entry[4][0]) for entry in found})) or "no address"
        raise _RefusedError(f"{host} leads to {places}, which is not a public address")
    trouble: OSError | None = None
    patience = connection.timeout if isinstance(connection.timeout, float | int) else 10.0
    ends = time.monotonic() + patience
    for family, kind, protocol, _, place in open_ones[:4]:
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.1, ends - time.monotonic()))  # one deadline for all addresses of a host
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.connect(place)
            sock.settimeout(patience)
        except OSError as error:
            sock.close()
            trouble = error
        else:
            return sock
    raise NewConnectionError(connection, f"{host} does not answer: {trouble}") from trouble


class _RefusedError(urllib3.exceptions.HTTPError):
    """The address policy said no."""


class _Guarded:
    """What our two kinds of connections share."""

    allowance: frozenset[str] = frozenset()
    resolve: Resolver
    host_locks: HostLocks | None = None
    twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = _connect(self, self.allowance, type(self).resolve)  # type: ignore[arg-type]
        self.twin = sock.dup()
        _enter(self.twin, self.host_locks)
        _stamp()
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (urllib3's own signature)
        _enter(self.twin, self.host_locks)
        _stamp()
        super().request(*args, **kwargs)  # type: ignore[misc]

    def send(self, data: Any) -> None:  # noqa: ANN401 (http.client's own signature)
        recorder: Recorder | None = getattr(_here, "recorder", None)
        if recorder is not None and isinstance(data, bytes):
            recorder.sent += data
        super().send(data)  # type: ignore[misc]

    def close(self) -> None:
        twin, self.twin = self.twin, None
        if twin is not None:
            twin.close()
        super().close()  # type: ignore[misc]


class _Overheard(http.client.HTTPResponse):
    """An answer whose bytes are taken down as they come."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 (its own signature)
        super().__init__(sock, *args, **kwargs)
        _here.security = security_of(sock)
        recorder: Recorder | None = getattr(_here, "recorder", None)
        if recorder is not None:
            overhear(self, recorder)


def _enter(twin: socket.socket | None, host_locks: HostLocks | None) -> None:
    """Wait until no other request to the same public address is under way."""
    watched: Watched | None = getattr(_here, "watched", None)
    if watched is None or twin is None:
        return
    watched.twin = twin
    address, port = twin.getpeername()[:2]
    _here.address, _here.port = address, port
    if watched.release is None and may_connect(address, port, frozenset()):
        watched.release = hold(address, host_locks, max(0.0, watched.deadline - time.monotonic()))


def _stamp() -> None:
    """Note the time before a request's first byte goes out."""
    _here.sent, _here.sent_at = _here.clock.now(), time.monotonic()


def system_resolver(host: str, port: int) -> list[tuple[Any, ...]]:
    """Ask the system for a host's addresses, in getaddrinfo's form."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class _Adapter(HTTPAdapter):
    """requests' adapter with guarded connections and no retries."""

    def __init__(
        self, allowance: frozenset[str], resolver: Resolver, host_locks: HostLocks | None, pool: int
    ) -> None:
        super().__init__(pool_connections=pool, pool_maxsize=pool, max_retries=0)
        extra = {
            "allowance": allowance,
            "resolve": staticmethod(resolver),
            "host_locks": host_locks,
            "response_class": _Overheard,
        }
        plain = type("GuardedHTTP", (_Guarded, HTTPConnection), dict(extra))
        secure = type("GuardedHTTPS", (_Guarded, HTTPSConnection), dict(extra))
        http = type("HTTPPool", (urllib3.HTTPConnectionPool,), {"ConnectionCls": plain})
        https = type("HTTPSPool", (urllib3.HTTPSConnectionPool,), {"ConnectionCls": secure})
        self.poolmanager.pool_classes_by_scheme = {"http": http, "https": https}
        self._last: tuple[str, urllib3.HTTPConnectionPool] | None = None

    def ask(
        self, url: str, headers: Mapping[str, str], timeout: urllib3.Timeout, sent: bytes | None
    ) -> urllib3.BaseHTTPResponse:
        """Send one GET, or POST what is `sent`, and leave the answer's body unread.

        requests chooses a host's connections and how its certificate is checked; what it would wrap around each
        answer is work that nobody here looks at, a third of a request's cost.
        """
        origin, path = _parted(url)
        try:
            return self._send(self._pool(origin, url), path, headers, timeout, sent)
        except ClosedPoolError:  # pushed out by other hosts since it was last used
            self._last = None
            return self._send(self._pool(origin, url), path, headers, timeout, sent)

    def _send(
        self,
        pool: urllib3.HTTPConnectionPool,
        path: str,
        headers: Mapping[str, str],
        timeout: urllib3.Timeout,
        sent: bytes | None,
    ) -> urllib3.BaseHTTPResponse:
        return pool.urlopen(
            "GET" if sent is None else "POST",
            path,
            body=sent,
            headers=headers,
            timeout=timeout,
            retries=self.max_retries,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
        )

    def _pool(self, origin: str, url: str) -> urllib3.HTTPConnectionPool:
        last = self._last
        if last is not None and last[0] == origin:
            return last[1]
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url = "GET", url  # canonical already: requests need not spell it again
        pool: Any = self.get_connection_with_tls_context(prepared, verify=True)
        self.cert_verify(pool, url, verify=True, cert=None)  # type: ignore[no-untyped-call]
        self._last = (origin, pool)
        found: urllib3.HTTPConnectionPool = pool
        return found


def _parted(url: str) -> tuple[str, str]:
    """Cut a canonical address into its origin and path."""
    end = url.find("/", url.index("//") + 2)
    return (url, "/") if end < 0 else (url[:end], url[end:])


class Fetcher:
    """Asks for single addresses, without redirects, cookies or logins."""

    def __init__(  # noqa: PLR0913 (each stands for a part of the world that a test replaces)
        self,
        agent: str,
        contact: str,
        *,
        limits: Limits,
        allowance: frozenset[str] = frozenset(),
        resolver: Resolver = system_resolver,
        host_locks: HostLocks | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Name ourselves honestly.

        `contact` is sent where it is a mail address. `allowance` holds private "address:port" pairs that may be
        reached all the same. All that share `host_locks` ask an address one request at a time; without, only this
        process does. `clock` is the wall clock by which answers are dated.
        """
        self._clock = clock or SystemClock()
        self._headers = {
            "User-Agent": agent,
            "Accept-Encoding": "gzip, deflate",
            "Accept": headers.PAGE,
            "Connection": "keep-alive",
        }
        if "@" in contact:
            self._headers["From"] = contact
        self._limits = limits
        self._timeout = urllib3.Timeout(connect=limits.connect_s, read=limits.read_s)
        self._adapter = _Adapter(allowance, resolver, host_locks, 16)

    def __enter__(self) -> Self:
        """Use as a context, so that connections are closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self._adapter.close()

    def get(
        self,
        url: str,
        *,
        max_bytes: int = 0,
        etag: str = "",
        last_modified: str = "",
        seconds: float = 0.0,
        fields: Mapping[str, str] = MappingProxyType({}),
    ) -> Reply:
        """Ask once and give the answer, whatever its status.

        `fields` are sent beside or in place of the usual ones.

        Raises:
            FetchError: Refused address, no answer, too many bytes, past the deadline, or broken.
        """
        sent = self._headers | headers.conditional(etag, last_modified) | dict(fields)
        watched = Watched(time.monotonic() + (seconds or self._limits.seconds))
        return self._watched(url, sent, watched, max_bytes or self._limits.page_bytes)

    def post(self, url: str, body: bytes, fields: Mapping[str, str], *, max_bytes: int) -> Reply:
        """Send bytes to a service that a person chose, bounded as `get` is."""
        watched = Watched(time.monotonic() + self._limits.seconds, sent=body)
        return self._watched(url, self._headers | dict(fields), watched, max_bytes)

    def _watched(self, url: str, sent: dict[str, str], watched: Watched, max_bytes: int) -> Reply:
        _here.watched, _here.address, _here.port, _here.clock = watched, "", 0, self._clock
        _here.recorder, _here.resolved, _here.security = Recorder(max_bytes), (), {}
        WATCHDOG.begin(watched)
        try:
            return self._ask(url, sent, watched, max_bytes)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            raise _translated(url, error, late=watched.cut) from error
        finally:
            WATCHDOG.end(watched)
            _here.watched = _here.recorder = None
            if watched.release is not None:
                watched.release()

    def _ask(self, url: str, sent: dict[str, str], watched: Watched, max_bytes: int) -> Reply:
        begun, sent_at = time.monotonic(), self._clock.now()
        response = self._adapter.ask(url, sent, self._timeout, watched.sent)
        try:
            told = headers.received(response.headers.itermerged())
            body, cut = b"", False
            if response.status not in (204, 304):
                body, cut = _body(response, told, watched, max_bytes, self._limits.image_bytes)
            if cut:
                response.close()
            times = self._dated()
            return Reply(
                url=url,
                status=response.status,
                headers=told,
                body=body,
                cut=cut,
                seconds=time.monotonic() - begun,
                address=_here.address,
                exchange=_exchange(url, times or (sent_at, self._clock.now()), cut=cut),
                sent=times and times[0],
                received=times and times[1],
            )
        except BaseException:
            response.close()
            raise
        finally:
            response.release_conn()

    def _dated(self) -> tuple[datetime, datetime] | None:
        """Give when the request went out and its answer was whole, unless the clock jumped meanwhile."""
        received, passed = self._clock.now(), time.monotonic() - _here.sent_at
        jumped = abs((received - _here.sent).total_seconds() - passed) > _JUMP_S
        return None if jumped else (_here.sent, received)


def _exchange(url: str, times: tuple[datetime, datetime], *, cut: bool) -> Exchange:
    """Give what this thread's recorder took down."""
    recorder: Recorder = _here.recorder
    host = f"[{_here.address}]" if ":" in _here.address else _here.address
    return Exchange(
        url=url,
        request=bytes(recorder.sent),
        answer=bytes(recorder.received),
        sent_at=times[0],
        received_at=times[1],
        peer=f"{host}:{_here.port}",
        resolved=_here.resolved,
        is_whole=recorder.is_whole and not cut,
        **_here.security,
    )


def _body(
    response: urllib3.BaseHTTPResponse,
    told: Mapping[str, str],
    watched: Watched,
    max_bytes: int,
    image_bytes: int,
) -> tuple[bytes, bool]:
    """Read a body chunk by chunk within its limits.

    Gives the body, and whether it was cut: the beginning of a page that is too large is worth reading, that of
    anything else is not.
    """
    kind, declared = headers.media_type(told), headers.content_length(told)
    max_bytes = _checked(told, max_bytes, image_bytes)
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK, decode_content=True):
        size += len(chunk)
        if size > max_bytes and not _is_text(kind):
            raise _too_large(max_bytes)
        if size > max_bytes:
            return b"".join((*chunks, chunk))[:max_bytes], True
        if time.monotonic() > watched.deadline:
            raise FetchError(Cause.TIMEOUT, "the answer came too slowly")
        chunks.append(chunk)
    if watched.cut:
        raise FetchError(Cause.TIMEOUT, "the answer came too slowly")
    if declared is not None and size < declared:
        raise FetchError(Cause.BROKEN, f"{size} of {declared} bytes came")
    return b"".join(chunks), False


def _checked(told: Mapping[str, str], max_bytes: int, image_bytes: int) -> int:
    """Give the most bytes to read of what is announced.

    Raises:
        FetchError: It is packed in an unknown way, or announced as too large.
    """
    kind, declared = headers.media_type(told), headers.content_length(told)
    packing = headers.unknown_packing(told)
    if packing:
        raise FetchError(Cause.BROKEN, f"the answer is packed by {packing}, which cannot be undone")
    if kind.startswith("image/") or kind == "application/pdf":
        max_bytes = max(max_bytes, image_bytes)
    if declared is not None and declared > max_bytes and not _is_text(kind):
        raise _too_large(max_bytes)
    return max_bytes


def _is_text(kind: str) -> bool:
    return not kind or kind.startswith("text/") or any(word in kind for word in ("html", "xml", "json"))


def _too_large(max_bytes: int) -> FetchError:
    return FetchError(Cause.TOO_LARGE, f"the answer is larger than {max_bytes // (1024 * 1024)} MiB")


def _causes(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    queue: list[object] = [error]
    while queue and len(found) < 12:  # noqa: PLR2004 (chains are short; a ring must not catch us)
        current = queue.pop(0)
        if isinstance(current, BaseException) and current not in found:
            found.append(current)
            queue += [getattr(current, "reason", None), current.__cause__, *current.args]
    return found


def _translated(url: str, error: BaseException, *, late: bool) -> FetchError:
    """Turn what the libraries raise into one sentence and one word."""
    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, _RefusedError):
            return FetchError(Cause.REFUSED, f"{url}: {cause}")
    kinds = tuple(type(cause) for cause in causes)
    slow = (
        kind for kind in kinds if not issubclass(kind, NewConnectionError)
    )  # a timeout by its ancestry only
    if late or any(issubclass(kind, TimeoutError | PoolTimeoutError) for kind in slow):
        return FetchError(Cause.TIMEOUT, f"{url} answered too slowly")
    if any(issubclass(kind, ssl.SSLError) for kind in kinds):
        return FetchError(Cause.TLS, f"{url}: the certificate or encryption is not valid: {causes[-1]}")
    if any(issubclass(kind, NewConnectionError | ConnectionRefusedError | socket.gaierror) for kind in kinds):
        return FetchError(Cause.UNREACHABLE, f"{url} cannot be reached: {causes[-1]}")
    return FetchError(Cause.BROKEN, f"{url} gave a broken answer: {causes[-1]}")
