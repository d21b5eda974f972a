"""The register of every file that was ever published."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gallery.store.database import Store, transaction
from gallery.times import moment_of, text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """One file as it was published.

    Attributes:
        digest: SHA-256 of its bytes, tagged.
        pixels: SHA-256 of its decoded pixels, tagged.
        width: In pixels.
        height: In pixels.
        photo_id: The photo that it shows.
        channel: Where it was published.
        recipe: What it was made from.
        path: Its address in the channel.
        published_at: Since when.
    """

    digest: str
    pixels: str
    width: int
    height: int
    photo_id: int
    channel: str
    recipe: str
    path: str
    published_at: datetime


class PublishedFiles(Store):
    """What was published, to which rows are only added."""

    def recipes(self, channel: str) -> set[tuple[int, str]]:
        """Give photo and recipe of all that is registered of a channel."""
        query = "select distinct photo_id, recipe from published_files where channel = ?"
        return {(int(photo), str(recipe)) for photo, recipe in self._db.execute(query, [channel])}

    def register(self, files: Iterable[PublishedFile]) -> None:
        """Write down files, each from the day on which its publication began."""
        rows = [
            {name: getattr(one, name) for name in PublishedFile.__slots__}
            | {"now": text_of(one.published_at)}
            for one in files
        ]
        with transaction(self._db):
            for row in rows:
                row.pop("published_at")
                self._db.execute(
                    """insert into published_files
                           (digest, pixels, width, height, photo_id, channel, recipe, path, published_at)
                       values (:digest, :pixels, :width, :height, :photo_id, :channel, :recipe, :path,
                               coalesce((select published_at from publications
                                          where photo_id = :photo_id and channel = :channel), :now))
                       on conflict do nothing""",
                    row,
                )

    def all(self) -> list[PublishedFile]:
        """Give all of them, the earliest first."""
        names = PublishedFile.__slots__
        query = f"select {', '.join(names)} from published_files order by published_at, path"  # noqa: S608 (ours)
        return [
            PublishedFile(**{**dict(zip(names, row, strict=True)), "published_at": moment_of(row[-1])})
            for row in self._db.execute(query)
        ]
