"""The walk from pixels to an answer."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from watermark.marking.design import Design, Designs
from watermark.marking.forensics import carries, label_seen, mark_state
from watermark.marking.state import MarkState
from watermark.matching import agreement, distinctiveness, edits, model, registration, sides
from watermark.matching.agreement import Agreement
from watermark.matching.candidates import find_candidates
from watermark.matching.fingerprint import Record
from watermark.matching.index import Index
from watermark.matching.registration import Homography, Query, Window
from watermark.matching.result import Answer, Background, Obstacle, RunnerUp
from watermark.matching.verdict import Verdict
from watermark.picture.decode import Frame
from watermark.picture.features import Features
from watermark.picture.perceptual_hash import phash
from watermark.picture.pixels import Picture
from watermark.picture.sandbox import Opened

CANDIDATES = 6
GLANCED = 4
SURE_PLACES = 12  # so many features in place need no second way of registration
MEASURED = 3
AROUND, MOST_AROUND = (
    20,
    0.5,
)  # blocks, and the share of what is around the subject, that make a background ours
IN_PANEL, LEAST_IN_PANEL = 2, 5  # candidates of a panel; features in place there
WORTH = 0.3  # of the best glance's evidence, to be measured at all
LEAST_EVIDENCE = 4.0  # blocks: less is not measured; of 251 copies none showed less, of 169 strangers half
ALIKE_WITHIN = 14  # bits of 64
SMALLEST = 64  # pixels on the long side, plain borders not counted
LEAST_FEATURES = 12
PLAIN = 8  # grey levels within a row or column that is border
LEGIBLE = 4.0  # small-picture pixels per found pixel; in a smaller copy the mark's strokes cannot be made out
WORKED = 1600  # pixels on the long side; more are not looked at


NOTHING_PUBLISHED = Designs()


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """One photo compared with the found picture."""

    slot: int
    record: Record
    agreement: Agreement
    probability: float
    ours: float


def identify(picture: Picture, index: Index, designs: Designs = NOTHING_PUBLISHED) -> Answer:
    """The best of all hypotheses about one picture.

    Args:
        picture: what was found.
        index: the catalogue's fingerprints.
        designs: how our photos were published.

    Raises:
        IndexDamagedError: the index was changed on disk.
    """
    query = Query(picture)
    obstacle = _obstacle(query)
    if obstacle:
        return Answer(verdict=Verdict.CANNOT_TELL, obstacle=obstacle)
    judged = hypotheses(query, index)
    answer = _answer(query, index, judged, designs) if judged else Answer(verdict=Verdict.NONE)
    if answer.mark == MarkState.KEPT:
        return replace(answer, carries_our_mark=True)
    return replace(
        answer, carries_our_mark=any(carries(query.features, query.mirrored, mark) for mark in designs.marks)
    )


def identify_opened(opened: Opened, index: Index, designs: Designs = NOTHING_PUBLISHED) -> Answer:
    """Give the strongest answer over an opened file's frames.

    `WORKED` pixels on the long side are enough.

    Raises:
        IndexDamagedError: the index was changed on disk.
    """
    order = list(Verdict)
    answers = [_of_frame(frame, opened, index, partial(identify, designs=designs)) for frame in opened.frames]
    strongest = min(answers, key=lambda a: (order.index(a.verdict), -a.probability))
    return replace(
        strongest,
        also=_in_any_frame(strongest, answers),
        carries_our_mark=any(a.carries_our_mark for a in answers),
    )


def _in_any_frame(strongest: Answer, answers: Sequence[Answer]) -> tuple[RunnerUp, ...]:
    """Further photos that are copied in any frame.

    Each once, the surest first; none beside a weaker verdict.
    """
    found = {one.photo: one for one in reversed(strongest.also)}
    for answer in answers if strongest.verdict == Verdict.COPY else ():
        named = [RunnerUp(answer.photo, answer.probability)] if answer.photo is not None else []
        for one in (*named, *answer.also) if answer.verdict == Verdict.COPY else ():
            if one.photo not in found or one.probability > found[one.photo].probability:
                found[one.photo] = one
    return tuple(
        sorted(
            (one for one in found.values() if one.photo != strongest.photo), key=lambda one: -one.probability
        )
    )


def _of_frame(
    frame: Frame, opened: Opened, index: Index, judge: Callable[[Picture, Index], Answer]
) -> Answer:
    header = opened.header
    answer = judge(frame.picture, index)
    full = max(header.width, header.height) / max(frame.picture.width, frame.picture.height)
    return replace(
        _at_full_size(answer, full), frame=frame.number, judged=len(opened.frames), frames=header.frames
    )


def _at_full_size(answer: Answer, full: float) -> Answer:
    """The same answer with its transform in the file's pixels."""
    if answer.transform is None or full == 1.0:
        return answer
    matrix = np.array(answer.transform.matrix) @ registration.scaling((full, full), (1.0, 1.0))
    rows = [(float(a), float(b), float(c)) for a, b, c in matrix]
    transform = replace(answer.transform, matrix=tuple(rows), scale=answer.transform.scale / full)
    return replace(answer, transform=transform)


def _obstacle(query: Query) -> Obstacle | None:
    """Why nothing can be said of a picture, if so."""
    rows, columns = (np.flatnonzero(np.ptp(query.luma, axis=axis) > PLAIN) for axis in (1, 0))
    across, down = (int(np.ptp(line)) + 1 if len(line) else 0 for line in (columns, rows))
    if max(across, down) < SMALLEST or min(across, down) < SMALLEST // 3:
        return Obstacle.TOO_SMALL if max(query.luma.shape) < SMALLEST else Obstacle.EMPTY
    return Obstacle.PLAIN if len(query.features) < LEAST_FEATURES else None


def compared(query: Query, index: Index) -> dict[int, tuple[Record, Agreement]]:
    """Photos that may be in the picture, measured, by slot."""
    looks: dict[Window, list[_Glance]] = {}
    for one in _glances(query, index):
        looks.setdefault(one.look, []).append(one)
    best: dict[int, tuple[_Glance, Agreement]] = {}
    for glances in looks.values():
        glances.sort(key=lambda g: -g.evidence)
        least, seen = max(LEAST_EVIDENCE, WORTH * glances[0].evidence), dict[int, tuple[_Glance, Agreement]]()
        for one in glances:
            if len(seen) == MEASURED or one.evidence < least:
                break
            if one.slot not in seen and (one.slot not in best or one.evidence > best[one.slot][0].evidence):
                seen[one.slot] = one, agreement.measure(query, one.record, one.small, one.homography)
        best |= _sides(query, seen)
    return {
        slot: (
            one.record,
            distinctiveness.discount_shared(seen, [a for s, (_, a) in best.items() if s != slot]),
        )
        for slot, (one, seen) in best.items()
    }


def _sides(
    query: Query, seen: dict[int, tuple["_Glance", Agreement]]
) -> dict[int, tuple["_Glance", Agreement]]:
    """Measure two photos on a side each, where the subject of each agrees on its own side of one line alone."""
    windows = {slot: sides.side(query, measured) for slot, (_, measured) in seen.items()}
    halves = dict(seen)
    for slot, (one, measured) in seen.items():
        window = windows[slot]
        if window is None or not any(
            sides.facing(window, other) for s, other in windows.items() if s != slot and other is not None
        ):
            continue
        homography = replace(measured.homography, window=window)
        again = agreement.measure(query, one.record, one.small, homography)
        halves[slot] = one, replace(again, split=True)
    return halves


def hypotheses(query: Query, index: Index) -> list[Hypothesis]:
    """The same photos with how likely each is, best first."""
    judged = [
        Hypothesis(slot, record, seen, *model.probabilities(seen))
        for slot, (record, seen) in compared(query, index).items()
    ]
    return sorted(judged, key=lambda h: (-h.probability, -h.agreement.evidence))


@dataclass(frozen=True, slots=True, eq=False)
class _Glance:
    slot: int
    record: Record
    small: NDArray[np.uint8]
    homography: Homography
    evidence: float
    look: Window


def _glances(query: Query, index: Index) -> Iterator[_Glance]:
    """Every photo that was proposed and could be aligned, looked at roughly: in the whole, and in every panel."""
    whole = (0.0, 0.0, float(query.picture.width), float(query.picture.height))
    aligned = [(whole, *one) for one in _aligned(query, index)]
    for window, found in query.panels():
        aligned += [(window, *one) for one in _in_panel(query, index, window, found)]
    for look, slot, record, homography in aligned:
        small = record.small_rgb()
        luma = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        rough, evidence = agreement.glance(query, luma, homography)
        yield _Glance(slot, record, small, rough, evidence, look)


def _in_panel(
    query: Query, index: Index, window: Window, found: Features
) -> list[tuple[int, Record, Homography]]:
    """The candidates with most features in place within one panel."""
    mirrored = found.mirrored(query.picture.width)
    aligned = []
    for candidate in find_candidates(index, found, mirrored, IN_PANEL):
        record = index.record(candidate.slot)
        chosen = mirrored if candidate.mirrored else found
        homography = registration.register(query, chosen, record, candidate, window)
        if homography is not None and homography.inliers >= LEAST_IN_PANEL:
            aligned.append((candidate.slot, record, homography))
    return aligned


def _aligned(query: Query, index: Index) -> Iterator[tuple[int, Record, Homography]]:
    """The best registered candidates, and the nearest whole picture."""
    aligned = []
    for candidate in find_candidates(index, query.features, query.mirrored, CANDIDATES):
        record = index.record(candidate.slot)
        found = query.mirrored if candidate.mirrored else query.features
        homography = registration.register(query, found, record, candidate)
        if homography is not None:
            aligned.append((candidate.slot, record, homography))
    aligned.sort(key=lambda one: -one[2].inliers)
    yield from aligned[:GLANCED]
    sure = {slot for slot, _, homography in aligned[:GLANCED] if homography.inliers >= SURE_PLACES}
    luma = query.shrunk(96 / max(query.picture.width, query.picture.height))
    for mirrored in (False, True):
        seen = phash(np.ascontiguousarray(luma[:, ::-1]) if mirrored else luma)
        for _, slot in index.alike(seen, 1, ALIKE_WITHIN):
            if slot not in sure:
                record = index.record(slot)
                yield slot, record, registration.register_whole(query, record, mirrored=mirrored)


def _answer(query: Query, index: Index, judged: list[Hypothesis], designs: Designs) -> Answer:
    first, *others = judged
    verdict = model.verdict(first.probability, max(h.ours for h in judged))
    if verdict == Verdict.SAME_SCENE:
        first, *others = sorted(judged, key=lambda h: -h.ours)
    chances = {h.slot: h.ours if verdict == Verdict.SAME_SCENE else h.probability for h in judged}
    second = RunnerUp(index.key(others[0].slot), chances[others[0].slot]) if others else None
    if verdict == Verdict.NONE:
        return Answer(
            verdict=verdict,
            probability=chances[first.slot],
            runner_up=second,
            background=_background([h.agreement for h in judged]),
        )
    published = tuple(designs.of(index.key(first.slot)))
    mark = MarkState.UNKNOWN
    if verdict == Verdict.COPY:
        mark, published = _mark(first, published)
    said = edits.read_edits(query, first.record, first.agreement, mark, published)
    return Answer(
        verdict=verdict,
        probability=chances[first.slot],
        photo=index.key(first.slot),
        runner_up=second,
        transform=said.transform,
        overlap=said.overlap,
        box=edits.box_in_found(query, first.agreement),
        half=said.half,
        edits=said.edits,
        mark=mark,
        also=tuple(
            RunnerUp(index.key(h.slot), h.probability, edits.box_in_found(query, h.agreement))
            for h in _further(first, others)
        ),
    )


def _mark(first: Hypothesis, published: tuple[Design, ...]) -> tuple[MarkState, tuple[Design, ...]]:
    """What became of the mark, and the likely designs."""
    record, seen = first.record, first.agreement
    small = record.small_rgb()
    states = [
        mark_state(small, seen.found, seen.covered, design, (record.width, record.height))
        for design in published
    ]
    if seen.homography.scale > LEGIBLE:
        states = [state if state == MarkState.CROPPED else MarkState.UNKNOWN for state in states]
    kept = [d for d, state in zip(published, states, strict=True) if state == MarkState.KEPT]
    state = MarkState.KEPT if kept else states[0] if states else MarkState.UNKNOWN
    size = (record.width, record.height)
    return state, tuple(
        design if label_seen(seen.found, seen.covered, design, size) else replace(design, label=None)
        for design in kept or published
    )


def _further(first: Hypothesis, others: Sequence[Hypothesis]) -> list[Hypothesis]:
    """Photos that are copied too, each in a part of the picture of its own."""
    found: list[Hypothesis] = []
    for one in others:
        copied = model.verdict(one.probability, 0.0) == Verdict.COPY
        if copied and all(_elsewhere(one, other) for other in (first, *found)):
            found.append(one)
    return found


def _background(seen: Sequence[Agreement]) -> Background:
    """What of ours is around, where nobody of ours is in the picture."""
    for one in seen:
        blocks, agreeing = np.expm1(one.number("agreeing_blocks")), one.number("ground_share")
        if blocks < AROUND or not agreeing > MOST_AROUND:
            continue
        if one.number("subject_less") > model.LESS:
            return Background.SOMEBODY_ELSE
        if np.rint(np.expm1(one.number("bent_subject"))) < model.SOMEBODY:
            return Background.ROOM
    return Background.NOTHING


def _elsewhere(one: Hypothesis, first: Hypothesis) -> bool:
    """Whether two photos were found in different parts of the picture."""
    middles = []
    for hypothesis in (one, first):
        left, top, right, bottom = edits.extent(hypothesis.agreement)
        back = np.linalg.inv(hypothesis.agreement.homography.matrix)
        point = back @ np.array([(left + right) / 2, (top + bottom) / 2, 1.0])
        middles.append(hypothesis.agreement.homography.matrix @ point if hypothesis is first else point)
    seen = first.agreement.homography.matrix @ middles[0]
    left, top, right, bottom = edits.extent(first.agreement)
    x, y = seen[:2] / seen[2]
    return not (left <= x <= right and top <= y <= bottom)
