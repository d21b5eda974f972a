"""What builds remember of earlier ones is used for the same question only, and losing it costs time alone."""

from gallery.site.cache import AnswerCache


def test_an_answer_is_worked_out_once_for_as_long_as_it_is_made_from_the_same(tmp_path):
    """The next build takes it from the file; under other settings, or unwanted, it is made again."""
    place, made = tmp_path / "words.json", []

    def answer():
        made.append(1)
        return "said"

    first = AnswerCache(place, "rules of 2026")
    assert first.of("one", answer) == first.of("one", answer) == "said"
    first.keep({"one"})
    assert AnswerCache(place, "rules of 2026").of("one", answer) == "said"
    assert len(made) == 1

    assert AnswerCache(place, "rules of 2027").of("one", answer) == "said"
    assert len(made) == 2
    last = AnswerCache(place, "rules of 2026")
    last.of("two", answer)
    last.keep({"two"})
    assert "one" not in place.read_text()


def test_a_damaged_memory_is_no_memory(tmp_path):
    """A file cut short by a full disk is as good as none."""
    place = tmp_path / "cards.json"
    place.write_text('{"alike": "a", "answers": {"one"')
    assert AnswerCache(place, "a").of("one", lambda: "made anew") == "made anew"
