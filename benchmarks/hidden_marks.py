"""Measure the hidden marks: `python benchmarks/hidden_marks.py [--photos FOLDER] [--pictures N] [--only PART …]`.

Prints each bar beside what was measured, on drawn pictures unless a folder of photographs is named (at least 1200 by
900 pixels each, or they are left out: an enlarged JPEG repeats its own blocks as no camera does). Libraries are
measured on the same pictures and changes where they are installed: requirements-marks.txt.
"""
# ruff: noqa: PLR2004 (the bars are numbers, each beside its name)

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import watermark  # noqa: F401, I001 (before numpy, as in the program: it asks for one BLAS thread)

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from PIL import Image, ImageOps

from benchmarks.changes import HARD, USUAL, Pixels, changed
from benchmarks.mark_peers import PEERS
from sample_clinic.drawing.clinic import Person, Room, draw_portrait
from sample_clinic.drawing.everyday import draw_everyday
from watermark.marking.hidden import blind, informed, tracing
from watermark.marking.hidden.coding import Reading
from watermark.marking.hidden.keys import MarkKey
from watermark.marking.hidden.lattice import PERIOD, Search
from watermark.marking.hidden.layers import HiddenMark, hide, prove
from watermark.marking.hidden.strength import Plane, brightened, luma, psnr, scaled, strength
from watermark.marking.visible import Mark, draw_mark
from watermark.matching.identify import compared
from watermark.matching.fingerprint import fingerprint
from watermark.matching.index import Index
from watermark.matching.placement import place
from watermark.matching.registration import Query
from watermark.picture.decode import open_picture
from watermark.picture.encode import encode
from watermark.picture.pixels import Picture

KEY = MarkKey(b"a key for benchmarks alone, 32 b")
SIZE = (1200, 900)
RECIPIENTS = [f"partner {number}" for number in range(400)]
COLLUDERS = 12
LAST = ("JPEG 50", "crop 50% of each side", "combination", "page screenshot")


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """The pictures that are marked, and the matcher that knows them."""

    pictures: Mapping[str, Picture]
    index: Index

    @classmethod
    def of(cls, pictures: Mapping[str, Picture]) -> "Catalogue":
        """Fingerprint the pictures."""
        index = Index.create(Path(tempfile.mkdtemp()))
        index.insert({key: fingerprint(picture) for key, picture in enumerate(pictures.values())})
        return cls(pictures, index)

    def residual(self, copy: Pixels, name: str) -> informed.Residual | None:
        """What a copy differs by from the picture of this name, when the matcher finds it there."""
        query, names = Query(Picture(copy)), list(self.pictures)
        for slot, (record, agreement) in compared(query, self.index).items():
            if names[self.index.key(slot)] == name:
                ours = self.pictures[name]
                placed = place(query, agreement.homography, record.frame, ours)
                return informed.residual(placed.luma, placed.covered, ours, placed.scale)
        return None

    def read(self, copy: Pixels, name: str) -> Reading:
        """Read the informed layer of a copy."""
        left = self.residual(copy, name)
        return Reading(None, 0.0) if left is None else informed.read(informed.measure(left), KEY, name)


def payload_of(name: str) -> int:
    """A payload of its own for each picture."""
    return int.from_bytes(KEY.digest("payload", name)[:8], "big")


def marked(picture: Picture, carrier: Plane, quality: float) -> Picture:
    """One layer at this PSNR."""
    return brightened(picture, scaled(carrier * strength(luma(picture.rgb)), quality))


def row(measure: str, found: str, bar: str, *, met: bool) -> None:
    """Print one line of the table."""
    print(f"{measure:58} {found:44} {bar:28} {'met' if met else 'MISSED'}", flush=True)


def share(right: list[bool]) -> str:
    """Say how many of how many."""
    return f"{sum(right)} of {len(right)} ({100 * sum(right) / max(1, len(right)):.2f} %)"


def blind_layer(catalogue: Catalogue) -> None:
    """64 bits from the picture alone, over the usual changes."""
    right: list[bool] = []
    lost: dict[str, int] = {}
    quality, seconds = [], []
    for name, picture in catalogue.pictures.items():
        drawn = blind.carrier(KEY, payload_of(name), (picture.height, picture.width))
        published = marked(picture, drawn, 45.0)
        quality.append(psnr(picture, published))
        for change in USUAL:
            copy = changed(change, published.rgb, name)
            start = time.process_time()
            found = blind.read(Search(luma(copy)), KEY)
            seconds.append(time.process_time() - start)
            right.append(found.payload == payload_of(name))
            lost[change] = lost.get(change, 0) + (not right[-1])
    row(
        f"blind layer, 27 changes, {np.mean(quality):.1f} dB (least {min(quality):.1f})",
        share(right), ">= 99 % at >= 45 dB", met=sum(right) >= 0.99 * len(right) and min(quality) >= 45,
    )  # fmt: skip
    print(
        f"  lost: {_some(lost)}; CPU a reading: median {np.median(seconds):.2f} s, most {max(seconds):.2f} s"
    )
    for peer, tool in PEERS.items():
        _peer(peer, tool, catalogue)


def _peer(
    name: str, tool: Callable[[Pixels, int], tuple[Pixels, Callable[[Pixels], int]]], catalogue: Catalogue
) -> None:
    right, quality = [], []
    for called, picture in catalogue.pictures.items():
        published, read = tool(picture.rgb, payload_of(called))
        quality.append(psnr(picture, Picture(published)))
        right += [read(changed(change, published, called)) == payload_of(called) for change in USUAL]
    print(f"  beside it, {name}: {share(right)} at {np.mean(quality):.1f} dB")


def informed_layer(catalogue: Catalogue) -> None:
    """64 bits with the picture known, usual changes at 50 dB and the nine hardest at 54 dB."""
    for changes, quality, least in ((USUAL, 50.0, 0.998), (HARD, 54.0, 1.0)):
        right: list[bool] = []
        lost: dict[str, int] = {}
        reached, scores = [], []
        for name, picture in catalogue.pictures.items():
            drawn = informed.carrier(KEY, name, payload_of(name), (picture.height, picture.width))
            published = marked(picture, drawn, quality)
            reached.append(psnr(picture, published))
            for change in changes:
                found = catalogue.read(changed(change, published.rgb, name), name)
                right.append(found.payload == payload_of(name))
                scores.append(found.score)
                lost[change] = lost.get(change, 0) + (not right[-1])
        row(
            f"informed layer, {len(changes)} changes, {np.mean(reached):.1f} dB (least {min(reached):.1f})",
            f"{share(right)}, least score {min(scores):.0f}", f">= {least:.1%} at {quality:.0f} dB",
            met=sum(right) >= least * len(right) and min(reached) >= quality,
        )  # fmt: skip
        print(f"  lost: {_some(lost)}")


def _some(lost: Mapping[str, int]) -> str:
    return ", ".join(f"{change} {count}" for change, count in lost.items() if count) or "none"


def whole_stack(catalogue: Catalogue) -> None:
    """Both layers, with and without the visible mark, published as JPEG 88 and copied."""
    right: list[bool] = []
    quality: list[float] = []
    for name, picture in catalogue.pictures.items():
        for visible in (False, True):
            seen = draw_mark(picture, Mark(text="© 2026 Seed Clinic")) if visible else picture
            hidden = hide(seen, KEY, HiddenMark(subject=name, payload=payload_of(name)))
            if not visible:
                quality.append(psnr(seen, hidden))
            published = open_picture(encode(hidden, format="jpeg", quality=88)).rgb
            for change in ("as it is", *LAST):
                copy = changed(change, published, name)
                right.append(blind.read(Search(luma(copy)), KEY).payload == payload_of(name))
                right.append(catalogue.read(copy, name).payload == payload_of(name))
    row(
        f"both layers + visible mark + JPEG 88, copied, {np.mean(quality):.1f} dB",
        share(right), "100 % at >= 43.5 dB", met=all(right) and min(quality) >= 43.5,
    )  # fmt: skip


def nothing_from_nothing(catalogue: Catalogue, trials: int) -> None:
    """Payloads read from unmarked pictures and from pictures with another key's mark."""
    others = [MarkKey(f"another practice's key number {number:4}".encode()) for number in range(20)]
    read, asked, most = 0, 0, 0.0
    size = (640, 480)
    pictures = [
        Picture(np.asarray(ImageOps.fit(Image.fromarray(p.rgb), size))) for p in catalogue.pictures.values()
    ]
    number = 0
    while asked < trials:
        picture = pictures[number] if number < len(pictures) else draw_everyday(9000 + number, size)
        if number % 2:
            picture = hide(picture, KEY, HiddenMark(subject=str(number), payload=payload_of(str(number))))
        search = Search(luma(picture.rgb))
        for key in others:
            found = blind.read(search, key)
            read, asked, most = read + (found.payload is not None), asked + 1, max(most, found.score)
        number += 1
    row(
        f"blind: payloads from {number} pictures without the key's mark",
        f"{read} in {asked:,} trials, most {most:.1f} of {blind.PRESENT_FROM}", "0 in 10,000, >= 500 pictures",
        met=not read and asked >= 10_000 and number >= 500,
    )  # fmt: skip
    read, asked, most, scores = 0, 0, 0.0, []
    for name, picture in catalogue.pictures.items():
        drawn = informed.carrier(others[0], name, payload_of(name), (picture.height, picture.width))
        for change in ("as it is", "JPEG 70", "to 50%"):
            for unmarked in (picture, marked(picture, drawn, 50.0)):
                left = catalogue.residual(changed(change, unmarked.rgb, name), name)
                seen = informed.measure(left) if left is not None else ()
                for key in others[1:] if seen else ():
                    found = informed.read(seen, key, name)
                    read, asked, most = read + (found.payload is not None), asked + 1, max(most, found.score)
                    scores.append(informed.score(seen, key, name, payload_of(name)))
    row(
        "informed: payloads without the key's mark", f"{read} in {asked:,} trials, most {most:.1f}",
        f"0 (present from {informed.PRESENT_FROM})", met=not read,
    )  # fmt: skip
    print(
        f"  one fixed payload's score where it is not: mean {np.mean(scores):.2f}, deviation {np.std(scores):.2f}"
    )


def recipients(catalogue: Catalogue, pictures: int) -> None:
    """Twelve of 400 recipients mix their copies, shrink them to 70 % and save them as JPEG 70."""
    found_all: list[bool] = []
    wrong, innocent = 0, []
    for name, picture in list(catalogue.pictures.items())[:pictures]:
        shape = picture.height, picture.width
        copies = [
            marked(picture, tracing.carrier(KEY, name, recipient, shape), tracing.RECIPIENT_PSNR).rgb
            for recipient in RECIPIENTS[:COLLUDERS]
        ]
        for mixed in _mixed(np.stack(copies)):
            height, width = round(0.7 * shape[0]), round(0.7 * shape[1])
            small = cv2.resize(mixed, (width, height), interpolation=cv2.INTER_AREA)
            left = catalogue.residual(changed("JPEG 70", np.asarray(small, np.uint8), name), name)
            if left is None:
                found_all.append(False)
                continue
            seen = informed.measure(left)
            named = {one.recipient for one in tracing.trace(seen, KEY, name, RECIPIENTS)}
            found_all.append(set(RECIPIENTS[:COLLUDERS]) <= named)
            wrong += len(named - set(RECIPIENTS[:COLLUDERS]))
            innocent += tracing.scores(seen, KEY, name, RECIPIENTS[COLLUDERS:])
    row(
        "400 recipients, 12 copies mixed (average, mosaic, median)",
        f"all found in {share(found_all)}, {wrong} others named", "all found, nobody else",
        met=all(found_all) and not wrong,
    )  # fmt: skip
    print(
        f"  the innocent: mean {np.mean(innocent):.3f}, deviation {np.std(innocent):.3f}, most {max(innocent):.2f}"
    )


def _mixed(copies: Pixels) -> Iterator[Pixels]:
    yield copies.mean(0).round().astype(np.uint8)
    yield np.median(copies, 0).round().astype(np.uint8)
    height, width = copies.shape[1:3]
    chosen = np.random.default_rng(1).integers(0, len(copies), (-(-height // 8), -(-width // 8)))
    whose = np.repeat(np.repeat(chosen, 8, 0), 8, 1)[:height, :width]
    yield np.take_along_axis(copies, whose[None, :, :, None], 0)[0]


def erased(catalogue: Catalogue) -> None:
    """Somebody folds one picture's own fine detail at the tile's period, and subtracts what comes out."""
    blind_left, right = 0, []
    for name, picture in catalogue.pictures.items():
        published = hide(picture, KEY, HiddenMark(subject=name, payload=payload_of(name)))
        cleaned = folded_off(published)
        copy = changed("JPEG 70", cleaned.rgb, name)
        blind_left += blind.read(Search(luma(copy)), KEY).payload is not None
        right.append(catalogue.read(copy, name).payload == payload_of(name))
    row(
        "erased by folding its own residual, then JPEG 70",
        f"informed {share(right)}, blind {blind_left}", "the informed layer still reads", met=all(right),
    )  # fmt: skip


def folded_off(published: Picture) -> Picture:
    """Estimate the tile from one picture without any key, and take it off."""
    grey = luma(published.rgb)
    allowed = strength(grey)
    detail = np.clip((grey - cv2.GaussianBlur(grey, (0, 0), 2.0)) / allowed, -3, 3)
    height, width = grey.shape
    rows, columns = -(-height // PERIOD), -(-width // PERIOD)
    padded = np.pad(detail, ((0, rows * PERIOD - height), (0, columns * PERIOD - width)))
    tile = padded.reshape(rows, PERIOD, columns, PERIOD).mean((0, 2))
    guess = np.tile(tile - tile.mean(), (rows, columns))[:height, :width] * allowed
    gain = float((guess * (grey - cv2.GaussianBlur(grey, (0, 0), 2.0))).sum() / (guess * guess).sum())
    return brightened(published, np.asarray(-1.3 * gain * guess, np.float32))


def cost(catalogue: Catalogue) -> None:
    """CPU of both layers and the self-test at 1600 pixels."""
    hiding, proving, rest = [], [], []
    for name, picture in list(catalogue.pictures.items())[:6]:
        large = Picture(
            np.asarray(cv2.resize(picture.rgb, (1600, 1200), interpolation=cv2.INTER_CUBIC), np.uint8)
        )
        mark = HiddenMark(subject=name, payload=payload_of(name))
        start = time.process_time()
        hidden = hide(large, KEY, mark)
        hiding.append(time.process_time() - start)
        start = time.process_time()
        published = open_picture(encode(hidden, format="jpeg", quality=88))
        rest.append(time.process_time() - start)
        start = time.process_time()
        prove(published, large, KEY, mark)
        proving.append(time.process_time() - start)
    total = float(np.mean(hiding) + np.mean(proving))
    row(
        "CPU s for both layers and their self-test, 1600 px",
        f"{np.mean(hiding):.3f} + {np.mean(proving):.3f} (JPEG and back {np.mean(rest):.3f})", "<= 0.6",
        met=total <= 0.6,
    )  # fmt: skip


def drawn(count: int) -> dict[str, Picture]:
    """Half portraits of the drawn clinic, half everyday pictures."""
    pictures = {f"everyday {seed}": draw_everyday(seed, SIZE) for seed in range(count - count // 2)}
    for seed in range(count // 2):
        pictures[f"portrait {seed}"] = draw_portrait(Person(seed), Room(seed), size=SIZE)
    return pictures


def photographs(folder: Path, count: int) -> dict[str, Picture]:
    """So many photographs of a folder that are large enough, cut to one size."""
    found: dict[str, Picture] = {}
    for file in sorted(folder.iterdir()):
        if file.suffix.lower() in {".jpg", ".jpeg", ".png"} and len(found) < count:
            with Image.open(file) as image:
                if image.width >= SIZE[0] and image.height >= SIZE[1]:
                    fitted = ImageOps.fit(image.convert("RGB"), SIZE, Image.Resampling.LANCZOS)
                    found[file.stem] = Picture(np.asarray(fitted))
    return found


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--trials", type=int, default=400, help="picture x key trials without a mark")
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    pictures = photographs(asked.photos, asked.pictures) if asked.photos else drawn(asked.pictures)
    print(f"{len(pictures)} pictures of {SIZE[0]} x {SIZE[1]}, {asked.photos or 'drawn'}")
    catalogue = Catalogue.of(pictures)
    parts: dict[str, Callable[[Catalogue], None]] = {
        "cost": cost,
        "blind": blind_layer,
        "informed": informed_layer,
        "stack": whole_stack,
        "nothing": partial(nothing_from_nothing, trials=asked.trials),
        "recipients": partial(recipients, pictures=3),
        "erased": erased,
    }
    for name, part in parts.items():
        if not asked.only or name in asked.only:
            part(catalogue)


if __name__ == "__main__":
    main()
