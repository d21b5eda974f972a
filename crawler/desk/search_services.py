"""Requests to reverse-image services, and how their answers are read."""

import base64
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from crawler.errors import RefusedError, UnavailableError
from crawler.settings import Plan
from crawler.urls import canonical

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One POST to a service, with its key in a header."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Where a service has seen a picture like ours.

    `page` is "" where it names the image alone.
    """

    page: str
    image: str


class Service(Protocol):
    """A reverse-image service, one of `SERVICES`."""

    name: str
    company: str
    key: str

    def question(self, plan: Plan, picture: bytes, key: str) -> ServiceRequest:
        """Give the request that asks about one JPEG."""
        ...

    def read(self, status: int, answer: object) -> Iterator[Hit]:
        """Read an answer's JSON.

        Raises:
            UnavailableError: The service refused, in its own words.
        """
        ...


class TinEye:
    """The TinEye API's `search` with an uploaded image.

    Source: https://services.tineye.com/developers/tineyeapi (since 2021 the key in `x-api-key`), and TinEye's
    own client pytineye 3.0.
    """

    name, company, key = "tineye", "TinEye (Idee Inc., Canada)", "PAIRWATCH_TINEYE_KEY"

    def question(self, plan: Plan, picture: bytes, key: str) -> ServiceRequest:
        """Upload the picture and ask for the 100 best matches."""
        fields = {"offset": "0", "limit": str(MOST), "sort": "score", "order": "desc"}
        bound = secrets.token_hex(16)
        parts = [
            f'--{bound}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
            for name, value in fields.items()
        ]
        head = 'Content-Disposition: form-data; name="image_upload"; filename="image.jpg"\r\nContent-Type: image/jpeg'
        parts += [f"--{bound}\r\n{head}\r\n\r\n".encode(), picture, f"\r\n--{bound}--\r\n".encode()]
        headers = {"x-api-key": key, "Content-Type": f"multipart/form-data; boundary={bound}"}
        return ServiceRequest(url=plan.tineye_url, headers=headers, body=b"".join(parts))

    def read(self, status: int, answer: object) -> Iterator[Hit]:
        """Give page and image of each match's backlinks."""
        told = _mapping(answer)
        if status != 200 or told.get("code") != 200:  # noqa: PLR2004 (OK, by HTTP and in TinEye's own field)
            words = told.get("messages")
            raise _refused(self.company, status, " ".join(map(str, words)) if isinstance(words, list) else "")
        for match in _rows(_mapping(told.get("results")).get("matches")):
            for link in _rows(match.get("backlinks")):
                yield from _hit(link.get("backlink"), link.get("url") or match.get("image_url"))


class GoogleVision:
    """Google Cloud Vision's web detection.

    Source: https://cloud.google.com/vision/docs/reference/rest/v1/images/annotate. Pictures that only look alike
    (`visuallySimilarImages`) are no copies and are left out.
    """

    name, company, key = "google", "Google Cloud Vision (Google LLC)", "PAIRWATCH_GOOGLE_KEY"

    def question(self, plan: Plan, picture: bytes, key: str) -> ServiceRequest:
        """Send the picture inside the request."""
        asked = {
            "image": {"content": base64.b64encode(picture).decode("ascii")},
            "features": [{"type": "WEB_DETECTION", "maxResults": MOST}],
        }
        headers = {"X-Goog-Api-Key": key, "Content-Type": "application/json; charset=utf-8"}
        return ServiceRequest(
            url=plan.google_url, headers=headers, body=json.dumps({"requests": [asked]}).encode()
        )

    def read(self, status: int, answer: object) -> Iterator[Hit]:
        """Give pages with matches, and matching images without a page."""
        told = _mapping(answer)
        first = next(iter(_rows(told.get("responses"))), {})
        fault = told.get("error") or first.get("error")
        if status != 200 or fault:  # noqa: PLR2004 (OK)
            raise _refused(self.company, status, str(_mapping(fault).get("message") or ""))
        found = _mapping(first.get("webDetection"))
        for page in _rows(found.get("pagesWithMatchingImages")):
            shown = [*_rows(page.get("fullMatchingImages")), *_rows(page.get("partialMatchingImages"))]
            yield from _hit(page.get("url"), shown[0].get("url") if shown else "")
        for kind in ("fullMatchingImages", "partialMatchingImages"):
            for image in _rows(found.get(kind)):
                yield from _hit("", image.get("url"))


SERVICES: Mapping[str, Service] = {one.name: one for one in (TinEye(), GoogleVision())}


def permitted(plan: Plan, name: str) -> Service:
    """Give a service that the settings permit.

    Raises:
        RefusedError: It is unknown, or off, as every service is until somebody writes it into the settings.
    """
    if name not in SERVICES:
        raise RefusedError(f"{name!r} is no service known here", hint=f"known are: {', '.join(SERVICES)}")
    if name not in plan.search_services.replace(",", " ").split():
        raise RefusedError(
            f"{name} is off: published pictures would go to {SERVICES[name].company}",
            hint=f'if the practice wants that, write search_services = "{name}" under [crawler] in pairwatch.toml',
        )
    return SERVICES[name]


def _hit(page: object, image: object) -> Iterator[Hit]:
    """Give a hit with canonical addresses, if it names any."""
    spelled = [canonical(text) or "" if isinstance(text, str) else "" for text in (page, image)]
    if any(spelled):
        yield Hit(page=spelled[0], image=spelled[1])


def _refused(company: str, status: int, words: str) -> UnavailableError:
    said = f": {words[:300]}" if words else ""
    hint = "check the key, and how many searches are left there; what was found so far is kept"
    return UnavailableError(f"{company} answered {status}{said}", hint=hint)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
