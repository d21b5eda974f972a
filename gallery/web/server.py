"""Serves the staff's pages on this machine, or by TLS on the network."""

import ipaddress
import logging
import os
import socket
import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import waitress
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server as WsgiServer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gallery.errors import GalleryError
from gallery.settings import DataFolder
from gallery.web.app import LOOPBACK, create_app
from gallery.web.workplace import Copies

LARGEST_REQUEST = 1024**3
_THREADS = 6
_LAN_THREADS = 30  # each half-sent request of a stranger holds one for ten seconds
_CERTIFICATE_LIFE = timedelta(days=397)  # the longest that browsers accept


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate and its private key as PEM files.

    `fingerprint` is its SHA-256, as browsers show it.
    """

    certificate: Path
    key: Path
    fingerprint: str


def serve_here(folder: DataFolder, port: int, announce: Callable[[str], None], copies: Copies) -> None:
    """Serve on this machine alone until it is interrupted."""
    app = create_app(folder, copies=copies)
    _keep_uploads_in(folder)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits a moment is no news
    try:
        server = waitress.create_server(
            app,
            host="127.0.0.1",
            port=port,
            threads=_THREADS,
            ident=None,
            max_request_body_size=LARGEST_REQUEST,
        )
    except OSError as error:
        raise _taken(port, error) from error
    announce(f"http://127.0.0.1:{server.effective_port}/")
    server.run()


def serve_lan(
    folder: DataFolder,
    host: str,
    port: int,
    pair: Certificate,
    announce: Callable[[str], None],
    copies: Copies,
) -> None:
    """Serve to the practice's network over https until it is interrupted."""
    shown = f"[{host}]" if ":" in host else host
    app = create_app(folder, hosts=(*LOOPBACK, shown), secure=True, copies=copies)
    _keep_uploads_in(folder)
    server = WsgiServer((host, port), app, numthreads=_LAN_THREADS, server_name="pairwatch")
    server.max_request_body_size = LARGEST_REQUEST
    server.ssl_adapter = _PatientAdapter(str(pair.certificate), str(pair.key))
    try:
        server.prepare()
    except OSError as error:
        raise _taken(port, error) from error
    announce(f"https://{shown}:{server.bind_addr[1]}/")
    try:
        server.serve()
    except KeyboardInterrupt:
        return
    finally:
        server.stop()


class _PatientAdapter(BuiltinSSLAdapter):
    """TLS whose handshake waits for the first read.

    That happens in a thread of its own, so that an idle caller keeps nobody waiting.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, str]]:
        """Give the connection before its handshake, and its WSGI variables."""
        wrapped = self.context.wrap_socket(sock, do_handshake_on_connect=False, server_side=True)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


def _keep_uploads_in(folder: DataFolder) -> None:
    """Keep uploads in the data folder while they are being sent."""
    place = folder.root / "incoming"
    place.mkdir(mode=0o700, exist_ok=True)
    tempfile.tempdir = str(place)


def _taken(port: int, error: OSError) -> GalleryError:
    return GalleryError(
        f"port {port} cannot be used: {error.strerror or error}",
        hint="choose another with --port, for instance --port 8138",
    )


def own_certificate(folder: DataFolder, host: str, now: datetime | None = None) -> Certificate:
    """Give a kept self-signed certificate for a host, renewed in time."""
    now = now or datetime.now(UTC)
    keys = folder.root / "keys"
    path, key_path = keys / f"lan-{host.replace(':', '_')}.crt", keys / f"lan-{host.replace(':', '_')}.key"
    if path.is_file() and key_path.is_file():
        kept = read_certificate(path, key_path)
        if x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc > now + timedelta(days=7):
            return kept
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"pairwatch on {host}"[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _CERTIFICATE_LIFE)
        .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(key_path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        file.write(secret)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return read_certificate(path, key_path)


def read_certificate(certificate: Path, key: Path) -> Certificate:
    """Read the practice's own certificate and key."""
    try:
        read = x509.load_pem_x509_certificate(certificate.read_bytes())
        serialization.load_pem_private_key(key.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise GalleryError(
            f"{certificate} and {key} are no certificate and key: {error}",
            hint="both must be unencrypted PEM files",
        ) from error
    return Certificate(certificate, key, read.fingerprint(hashes.SHA256()).hex(":").upper())


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def lan_address() -> str:
    """Give this machine's address on its network, without sending a packet."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # TEST-NET-1: a datagram socket only looks up the way there
        except OSError as error:
            raise GalleryError(
                "this machine is on no network",
                hint="name its address: pairwatch serve --lan --host 192.168.1.20",
            ) from error
        return str(probe.getsockname()[0])
