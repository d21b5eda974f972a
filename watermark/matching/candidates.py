"""Which catalogue photos may be in a picture, and where.

Features vote, and votes that agree on a place count.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from watermark.matching.codebook import nearest_words, signatures
from watermark.matching.index import Index
from watermark.picture.features import Features

PROBES = 2
REACH = 20
ASKED = 600
SHORTLIST = 32
SIZES_APART = 0.7  # octaves
TURNS_ALIKE = 0.85  # cosine


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A catalogue photo that may be in the picture.

    Attributes:
        slot: the photo's place in the index.
        mirrored: seen in a mirror.
        votes: how strongly its features speak for one place and size.
        pairs: intp (n, 2), features of the picture and of the photo that do.
        crowd: how many other photos have at least half as many votes, of those that were looked at.
    """

    slot: int
    mirrored: bool
    votes: float
    pairs: NDArray[np.intp]
    crowd: int = 0


def find_candidates(index: Index, plain: Features, mirrored: Features, most: int) -> list[Candidate]:
    """Find the strongest candidates, best first.

    One photo may come straight and mirrored.
    """
    if not len(plain) or not len(index):
        return []
    asked = min(ASKED, len(plain))
    described = np.concatenate([plain.described[:asked], mirrored.described[:asked]])
    chosen = nearest_words(described, PROBES)
    signed = signatures(described, chosen)
    hits = index.near(chosen.ravel(), signed.ravel(), REACH)
    if not len(hits.rows):
        return []
    question = hits.rows // PROBES
    # a feature that many photos have says little: its vote is shared
    crowd = np.bincount(question, minlength=len(described))[question]
    weight = np.exp(-((hits.apart / 11.0) ** 2)) / np.sqrt(crowd)
    side = question // asked
    group = hits.slots.astype(np.int64) * 2 + side
    order = np.argsort(group, kind="stable")
    group, question, weight, feature = group[order], question[order], weight[order], hits.features[order]
    starts = np.flatnonzero(np.r_[True, group[1:] != group[:-1]])
    totals = np.add.reduceat(weight, starts)
    stops = np.r_[starts[1:], len(group)]
    candidates: list[Candidate] = []
    for n in np.argsort(-totals)[:SHORTLIST]:
        if sum(candidate.votes >= totals[n] for candidate in candidates) >= most:
            break  # nobody further down has as many votes to begin with
        part = slice(starts[n], stops[n])
        flipped = bool(group[starts[n]] & 1)
        slot = int(group[starts[n]] >> 1)
        asking = mirrored if flipped else plain
        votes, chosen_pairs = _agreeing(
            asking,
            question[part] % asked,
            index.record(slot).features(described=False),
            feature[part],
            weight[part],
        )
        candidates.append(Candidate(slot, flipped, votes, chosen_pairs))
    candidates.sort(key=lambda p: -p.votes)
    return [
        replace(
            one, crowd=len({p.slot for p in candidates if p.slot != one.slot and p.votes > one.votes / 2})
        )
        for one in candidates[:most]
    ]


def _agreeing(
    picture: Features,
    asking: NDArray[np.intp],
    photo: Features,
    answering: NDArray[np.uint16],
    weight: NDArray[np.floating],
) -> tuple[float, NDArray[np.intp]]:
    """The largest set of pairs that agree, with its weight.

    Every pair of features alone fixes a similarity (turn, size, shift); the one that most others share wins.
    """
    best = np.argsort(-weight, kind="stable")[:96]
    asking, answering, weight = asking[best], answering[best].astype(np.intp), weight[best]
    turn = np.deg2rad(photo.angles[answering] - picture.angles[asking])
    size = photo.sizes[answering] / picture.sizes[asking]
    step = size * np.exp(1j * turn)
    here = picture.places[asking] @ np.array([1, 1j])
    there = photo.places[answering] @ np.array([1, 1j])
    # where pair i's similarity puts the feature of pair j, against where it is
    miss = np.abs(there[:, None] + step[:, None] * (here[None, :] - here[:, None]) - there[None, :])
    allowed = 12 + 0.25 * np.abs(there[None, :] - there[:, None])
    same = (
        (miss < allowed)
        & (np.abs(np.log2(size[:, None] / size[None, :])) < SIZES_APART)
        & (np.cos(turn[:, None] - turn[None, :]) > TURNS_ALIKE)
    )
    # each feature of either picture counts once
    own = np.zeros_like(weight)
    seen: set[tuple[str, int]] = set()
    for n, (q, p) in enumerate(zip(asking.tolist(), answering.tolist(), strict=True)):
        if ("q", q) not in seen and ("p", p) not in seen:
            seen |= {("q", q), ("p", p)}
            own[n] = weight[n]
    support = same @ own
    top = int(support.argmax())
    members = same[top]
    return float(support[top]), np.stack([asking[members], answering[members]], 1)
