"""Related cases are those that share most tags, of equals the nearest numbers: as if all were compared with all."""

from hypothesis import given
from hypothesis import strategies as st

from gallery.site.relations import Relations
from gallery.site.stories import Story


def story(number: int, tags: frozenset[str]) -> Story:
    """Give a story of which only number and tags matter."""
    return Story(number=number, stages=(), tags=tuple(sorted(tags)), facts=(), limits="", sessions=0)


@given(st.dictionaries(st.integers(1, 40), st.frozensets(st.sampled_from("abcd"), max_size=3), max_size=25))
def test_the_quick_way_gives_what_the_long_way_gives(tagged):
    """For any cases and tags the three best are the same as by comparing every two cases."""
    stories = [story(number, tags) for number, tags in tagged.items()]
    relations = Relations(stories)

    for one in stories:
        shared = {n: len(tags & tagged[one.number]) for n, tags in tagged.items() if n != one.number}
        best = sorted((n for n in shared if shared[n]), key=lambda n: (-shared[n], abs(n - one.number), n))
        assert [found.number for found in relations.nearest(one)] == best[:3]
