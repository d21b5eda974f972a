"""Which cases are related by their tags."""

import heapq
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from gallery.site.stories import Story

_RELATED = 3


class Relations:
    """Knows all stories by their sets of tags."""

    def __init__(self, stories: Sequence[Story]) -> None:
        """Sort the stories by their sets of tags."""
        self._stories = {story.number: story for story in stories}
        self._alike: dict[frozenset[str], list[int]] = defaultdict(list)
        for number in sorted(self._stories):
            self._alike[frozenset(self._stories[number].tags)].append(number)
        self._levels: dict[frozenset[str], list[list[int]]] = {}

    def nearest(self, story: Story) -> list[Story]:
        """Give the three cases that share most tags with this one.

        Of equals the next numbers come first.
        """
        tags, found = frozenset(story.tags), list[int]()
        if tags not in self._levels:
            self._levels[tags] = self._levels_of(tags)
        for numbers in self._levels[tags]:
            near = (number for number in _around(numbers, story.number) if number != story.number)
            found += [number for number, _ in zip(near, range(_RELATED - len(found)), strict=False)]
            if len(found) == _RELATED:
                break
        return [self._stories[number] for number in found]

    def _levels_of(self, tags: frozenset[str]) -> list[list[int]]:
        """Give sorted numbers of related cases, those sharing most tags first."""
        by_shared: dict[int, list[list[int]]] = defaultdict(list)
        for others, numbers in self._alike.items():
            if tags & others:
                by_shared[len(tags & others)].append(numbers)
        return [list(heapq.merge(*by_shared[shared])) for shared in sorted(by_shared, reverse=True)]


def _around(numbers: Sequence[int], middle: int) -> Iterator[int]:
    """Yield sorted numbers by their distance from the middle."""
    above = bisect_left(numbers, middle)
    below = above - 1
    while below >= 0 or above < len(numbers):
        if above == len(numbers) or (below >= 0 and middle - numbers[below] <= numbers[above] - middle):
            yield numbers[below]
            below -= 1
        else:
            yield numbers[above]
            above += 1
