"""The leak check of published names, texts and pictures.

Text is read as a browser, a URL and a search engine would read it; pictures are opened down to
their last metadata block, of which only credit may stay. Pure: names and bytes in, leaks out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gallery.rules.leaks.parts import parts_of
from gallery.rules.leaks.words import LeakKind, Secrets, Words, search_pixels, search_text, words_of

__all__ = ["Leak", "LeakKind", "Secrets", "scan"]

_SHOWN = 60  # characters of a refused block


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One thing found that must not be public.

    Attributes:
        file: its name in the site.
        kind: what it is.
        found: the words as they were read, or the beginning of a refused metadata block.
        where: "its name", "the text", "the pixels' bytes", or the metadata block.
    """

    file: str
    kind: LeakKind
    found: str
    where: str

    def sentence(self) -> str:
        """Say it plainly."""
        return f"{self.file}: {self.kind} in {self.where} ({self.found!r})"


def scan(files: Iterable[tuple[str, bytes]], secrets: Secrets) -> list[Leak]:
    """Search files for secrets, and pictures for more than credit.

    Files are (name within the site, bytes), one by one, so that a generator keeps memory small. Each leak comes once a
    file and place, in the files' order.
    """
    words = words_of(secrets)
    return [leak for name, data in files for leak in dict.fromkeys(_leaks_of(name, data, words))]


def _leaks_of(name: str, data: bytes, words: Words) -> Iterator[Leak]:
    for part in parts_of(name, data):
        if part.refused:
            shown = part.data[:_SHOWN].decode("utf-8", "replace")
            yield Leak(file=name, kind=part.refused, found=shown, where=part.where)
        search = search_pixels if part.is_pixels else search_text
        for kind, found in search(part.data, words):
            yield Leak(file=name, kind=kind, found=found, where=part.where)
