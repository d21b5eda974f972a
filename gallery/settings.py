"""Where a practice's files are, and what it chose."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gallery.errors import DamagedError, NotFoundError, RefusedError
from gallery.model import PUBLIC_CHANNEL

FORMATS = ("avif", "webp", "jpeg")
MARK_STYLES = ("line", "crossing")


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The folder of a practice, and the things in it."""

    root: Path

    @property
    def settings_file(self) -> Path:
        """Where the practice's choices are written."""
        return self.root / "pairwatch.toml"

    @property
    def database(self) -> Path:
        """The one SQLite file of catalogue, ledger and crawl."""
        return self.root / "pairwatch.db"

    @property
    def originals(self) -> Path:
        """The vault of originals, never under a web root."""
        return self.root / "originals"

    @property
    def public(self) -> Path:
        """The built site, the only folder made for a web server."""
        return self.root / "public"

    @property
    def channels(self) -> Path:
        """What other channels get, a folder for each."""
        return self.root / "channels"

    @property
    def renditions(self) -> Path:
        """Published files by content, so that nothing is made twice."""
        return self.root / "renditions"

    @property
    def index(self) -> Path:
        """The fingerprint index, which can always be rebuilt from the vault."""
        return self.root / "index"

    @property
    def evidence(self) -> Path:
        """What the crawler seals, and signed consent forms."""
        return self.root / "evidence"

    def require(self) -> None:
        """Make sure that `pairwatch init` was here."""
        if self.database.is_file() and not self.database.stat().st_size:
            raise DamagedError(
                f"the catalogue {self.database} is an empty file (0 bytes)",
                hint="restore your backup; if nothing was ever in it, start with: pairwatch init",
            )
        if not self.database.is_file():
            raise NotFoundError(
                f"there is no pairwatch catalogue in {self.root}",
                hint="start one with: pairwatch init, or name another folder with --data",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How photos are shown in one place.

    Sizes are in pixels, the quality is JPEG's.

    Args:
        label: Whether the stage ("Before") is written into the picture.
        metadata: Whether the owner, year and rights page are written into the files.
        consent: The name under which patients agree to this place; empty: the channel's own name.
    """

    name: str
    sizes: tuple[int, ...] = (480, 960, 1600)
    formats: tuple[str, ...] = FORMATS
    quality: int = 82
    mark: bool = True
    label: bool = True
    metadata: bool = True
    consent: str = ""

    @property
    def scope(self) -> str:
        """What a consent must name for a photo to be shown here."""
        return self.consent or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag's other spellings, and words that explain it."""

    name: str
    synonyms: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a practice chose.

    `crawler` is the section that the crawler reads for itself.
    """

    practice: str = "Example Clinic"
    web: str = ""
    contact: str = ""
    time_zone: str = ""
    mark_text: str = ""
    mark_opacity: float = 0.5
    mark_style: str = "line"
    picture_seconds: float = 20.0
    picture_memory_mib: int = 2048
    picture_frames: int = 24
    title: str = "Before and after"
    base_url: str = ""
    language: str = "en"
    limits: str = ""
    required: tuple[str, ...] = ()
    consent_law: str = "us"
    jurisdictions: tuple[str, ...] = ("us",)
    registered: tuple[str, ...] = ()
    trademarks: tuple[str, ...] = ()
    channels: Mapping[str, Channel] = field(
        default_factory=lambda: {PUBLIC_CHANNEL: Channel(name=PUBLIC_CHANNEL)}
    )
    tags: tuple[Tag, ...] = ()
    crawler: Mapping[str, object] = field(default_factory=dict)

    def local(self, moment: datetime) -> datetime:
        """Give a moment by the practice's own clock."""
        return moment.astimezone(ZoneInfo(self.time_zone) if self.time_zone else None)

    @property
    def scopes(self) -> tuple[str, ...]:
        """What patients are asked about, in the channels' order."""
        return tuple(dict.fromkeys(channel.scope for channel in self.channels.values()))


_KEYS: Mapping[tuple[str, str], tuple[str, type | tuple[type, ...]]] = {
    ("practice", "name"): ("practice", str),
    ("practice", "web"): ("web", str),
    ("practice", "contact"): ("contact", str),
    ("practice", "time_zone"): ("time_zone", str),
    ("mark", "text"): ("mark_text", str),
    ("mark", "opacity"): ("mark_opacity", (float, int)),
    ("mark", "style"): ("mark_style", str),
    ("pictures", "seconds"): ("picture_seconds", (float, int)),
    ("pictures", "memory_mib"): ("picture_memory_mib", int),
    ("pictures", "frames"): ("picture_frames", int),
    ("site", "title"): ("title", str),
    ("site", "base_url"): ("base_url", str),
    ("site", "language"): ("language", str),
    ("site", "limits"): ("limits", str),
    ("site", "required"): ("required", list),
    ("law", "consent"): ("consent_law", str),
    ("law", "advertising"): ("jurisdictions", list),
    ("law", "registered"): ("registered", list),
    ("law", "trademarks"): ("trademarks", list),
}
_ENDLESS = 1_000_000
_OWN_SECTIONS = ("channels", "tags", "crawler")


def example_settings() -> str:
    """Give the commented settings file that `init` writes."""
    return (files("gallery") / "example.toml").read_text(encoding="utf-8")


def load_settings(folder: DataFolder) -> Settings:
    """Read what the practice chose, or the defaults.

    Raises:
        RefusedError: The file is not TOML, or has wrong keys or values (all of them are named).
    """
    try:
        raw = tomllib.loads(folder.settings_file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RefusedError(
            f"{folder.settings_file} cannot be read: {error}",
            hint="compare it with the example that `pairwatch init` writes into an empty folder",
        ) from error
    settings, problems = parse_settings(raw)
    if problems:
        raise RefusedError(
            f"{folder.settings_file}: " + "; ".join(problems),
            hint="compare it with the example that `pairwatch init` writes into an empty folder",
        )
    return settings


def parse_settings(raw: Mapping[str, object]) -> tuple[Settings, list[str]]:
    """Turn a parsed settings file into values, and name mistakes."""
    values: dict[str, object] = {}
    problems: list[str] = []
    for section, content in raw.items():
        if section in _OWN_SECTIONS:
            continue
        if not isinstance(content, Mapping) or section not in {known for known, _ in _KEYS}:
            problems.append(f"[{section}] is not a section of pairwatch")
            continue
        for key, value in content.items():
            _take(values, problems, (section, str(key)), value)
    if values.get("base_url"):
        values["base_url"] = str(values["base_url"]).rstrip("/") + "/"
    problems.extend(_mark_problems(values))
    problems.extend(
        f"[pictures] {key} must be above 0 and below {_ENDLESS:,}"
        for section, key in _KEYS
        if section == "pictures" and not 0 < _number(values.get(f"picture_{key}", 1)) < _ENDLESS
    )
    zone = str(values.get("time_zone", ""))
    if zone and not _is_zone(zone):
        problems.append(
            f'[practice] time_zone = {zone!r} is not known here: expected one such as "Europe/Berlin"'
        )
    values["channels"] = _channels(raw.get("channels", {}), problems)
    values["tags"] = _tags(raw.get("tags", {}), problems)
    crawler = raw.get("crawler", {})
    values["crawler"] = crawler if isinstance(crawler, Mapping) else {}
    return Settings(**values), problems  # type: ignore[arg-type]


def _mark_problems(values: Mapping[str, object]) -> Iterator[str]:
    """Name what is wrong with the mark, an unrecorded claim of a trademark among it."""
    opacity, style = values.get("mark_opacity", 0.5), values.get("mark_style", MARK_STYLES[0])
    if not (isinstance(opacity, float | int) and 0 <= opacity <= 1):
        yield f"[mark] opacity = {opacity} must be between 0 (nothing) and 1 (solid)"
    if style not in MARK_STYLES:
        yield f"[mark] style = {style!r} may be {' or '.join(MARK_STYLES)}"
    text = str(values.get("mark_text", ""))
    registered, claimed = (_words(values.get(key)) for key in ("registered", "trademarks"))
    for symbol, names, key in (("®", registered, "registered"), ("™", registered + claimed, "trademarks")):
        for before in text.split(symbol)[:-1]:
            if not any(before.rstrip().casefold().endswith(name.casefold()) for name in names):
                yield (
                    f"[mark] text = {text!r} claims {symbol} for a name that [law] {key} does not list: "
                    "list it there if the claim is true, or leave the sign out"
                )


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else ()


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ):  # a name may lead out of the zones' folder, or to one
        return False
    return True


def _number(value: object) -> float:
    return value if isinstance(value, float | int) else 1


def _take(values: dict[str, object], problems: list[str], place: tuple[str, str], value: object) -> None:
    section, key = place
    if place not in _KEYS:
        problems.append(f"[{section}] has no key {key!r}")
        return
    name, kinds = _KEYS[place]
    if not isinstance(value, kinds) or isinstance(value, bool):
        problems.append(f"[{section}] {key} = {value!r} has the wrong type")
        return
    values[name] = tuple(str(item) for item in value) if isinstance(value, list) else value


def _tags(raw: object, problems: list[str]) -> tuple[Tag, ...]:
    if not isinstance(raw, Mapping):
        problems.append("[tags] must be a table of tags")
        return ()
    tags = []
    for name, content in raw.items():
        where, value = f'[tags."{name}"]', content if isinstance(content, Mapping) else {"": content}
        synonyms, text = value.get("synonyms", []), value.get("text", "")
        if set(value) - {"synonyms", "text"} or not isinstance(synonyms, list) or not isinstance(text, str):
            problems.append(f"{where} may hold synonyms (a list) and text (a sentence), and nothing else")
            continue
        spellings = tuple(str(spelling).lower() for spelling in synonyms)
        tags.append(Tag(name=str(name).lower(), synonyms=spellings, text=text))
    return tuple(tags)


def _channels(raw: object, problems: list[str]) -> dict[str, Channel]:
    channels = {PUBLIC_CHANNEL: Channel(name=PUBLIC_CHANNEL)}
    if not isinstance(raw, Mapping):
        problems.append("[channels] must be a table of channels")
        return channels
    for name, content in raw.items():
        where = f"[channels.{name}]"
        if not isinstance(content, Mapping) or not str(name).replace("-", "").isalnum():
            problems.append(f"{where} must be a table under a plain name")
            continue
        unknown = sorted(
            set(content) - {"sizes", "formats", "quality", "mark", "label", "metadata", "consent"}
        )
        problems.extend(f"{where} has no key {key!r}" for key in unknown)
        if not unknown:
            channels[str(name)] = _channel(str(name), content, problems)
    return channels


def _channel(name: str, content: Mapping[str, object], problems: list[str]) -> Channel:
    where = f"[channels.{name}]"
    plain = Channel(name=name)
    sizes = content.get("sizes", list(plain.sizes))
    formats = content.get("formats", list(plain.formats))
    quality = content.get("quality", plain.quality)
    if not (isinstance(sizes, list) and sizes and all(_is_size(item) for item in sizes)):
        problems.append(f"{where} sizes must be pixels such as [480, 960]")
        return plain
    if not (isinstance(formats, list) and formats and set(formats) <= set(FORMATS)):
        problems.append(f"{where} formats may be {', '.join(FORMATS)}")
        return plain
    if name == PUBLIC_CHANNEL and "jpeg" not in formats:
        problems.append(f"{where} formats must include jpeg, which every browser shows")
        return plain
    if not isinstance(quality, int) or not 1 <= quality <= 100:  # noqa: PLR2004
        problems.append(f"{where} quality must be 1 to 100")
        return plain
    consent = content.get("consent", "")
    unsaid = [key for key in ("mark", "label", "metadata") if not isinstance(content.get(key, True), bool)]
    problems.extend(f"{where} {key} must be true or false" for key in unsaid)
    if not isinstance(consent, str) or (name == PUBLIC_CHANNEL and consent):
        problems.append(f"{where} consent must be a name, and the site's own is always {PUBLIC_CHANNEL}")
        return plain
    mark = content.get("mark", True) is True
    return Channel(
        name=name,
        sizes=tuple(sorted(sizes)),
        formats=tuple(formats),
        quality=quality,
        mark=mark,
        label=content.get("label", mark) is True,  # a place that forbids the mark forbids text
        metadata=content.get("metadata", True) is True,
        consent=consent,
    )


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 32 <= value <= 8192  # noqa: PLR2004
