"""What builds remember of earlier ones, at no loss but time."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gallery.site.deploy import Standing


class AnswerCache:
    """Answers of one kind under digests of what they came from.

    `alike` digests what goes into all of them (settings, templates, rules): under another one all are forgotten.
    """

    def __init__(self, place: Path, alike: str) -> None:
        """Read the answers from a file when the first is asked for."""
        self._place, self._alike = place, alike
        self._known: dict[str, Any] | None = None
        self._fresh = False

    def of(self, key: str, make: Callable[[], Any]) -> Any:  # noqa: ANN401 (whatever JSON holds)
        """Give the answer under a key, made if it never was."""
        known = self._answers()
        if key not in known:
            known[key], self._fresh = make(), True
        return known[key]

    def keep(self, wanted: Collection[str]) -> None:
        """Write down the answers under these keys, and forget all others."""
        known = self._answers()
        if self._fresh or len(known) > len(wanted):
            kept = {key: known[key] for key in wanted if key in known}
            write_json(self._place, {"alike": self._alike, "answers": kept})
            self._fresh = False

    def _answers(self) -> dict[str, Any]:
        if self._known is None:
            written = read_json(self._place)
            found = written.get("answers") if written.get("alike") == self._alike else None
            self._known = found if isinstance(found, dict) else {}
        return self._known


@dataclass(frozen=True, slots=True)
class LastBuild:
    """What the last build wrote down of itself.

    `inputs`, `site` and `listed` are digests of all that went into the site, of what stood afterwards, and of the
    practice's list of what must not be published. `pages` are their keys by address; `searched` is of `Searched`.
    """

    inputs: str = ""
    site: str = ""
    listed: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)
    searched: Mapping[str, object] = field(default_factory=dict)

    def holds(self, standing: Standing, listed: str) -> bool:
        """Tell whether the site stands as this build left it."""
        return self.site == standing.digest and self.listed == listed and standing.sums is not None


class Memory:
    """Everything that builds remember, in files beside the renditions."""

    def __init__(self, folder: Path, shared: str) -> None:
        """Open it for builds that share what `shared` digests."""
        self._stamp = folder / "built.json"
        self.words = AnswerCache(folder / "words.json", shared)
        self.cards = AnswerCache(folder / "cards.json", shared)
        self.renditions = AnswerCache(folder / "shown.json", "")
        written = read_json(self._stamp)
        names = LastBuild.__dataclass_fields__.keys()
        self.last = LastBuild(**written) if written.keys() == names else LastBuild()  # type: ignore[arg-type]

    def keep(self, build: LastBuild) -> None:
        """Write down what a build did."""
        write_json(self._stamp, asdict(build))


def read_json(place: Path) -> Mapping[str, object]:
    """Read an object from a file, or an empty one."""
    try:
        value = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(place: Path, value: object) -> None:
    """Write a value into a file, whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(".new")
    unfinished.write_text(json.dumps(value), encoding="utf-8")
    unfinished.replace(place)
