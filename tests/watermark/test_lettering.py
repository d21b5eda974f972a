"""A name in any script is drawn as it is read, or refused in one sentence."""

import numpy as np
import pytest

from watermark.errors import WatermarkError
from watermark.marking.lettering import is_plain, shaped
from watermark.marking.visible import line_of


@pytest.mark.parametrize("text", ["Harbour Clinic", "Praxis Größe", "Клиника", "Κλινική", "诊所"])
def test_letters_that_stand_alone_are_set_as_ever(text):
    """Latin, Cyrillic, Greek and Chinese need no font of the machine."""
    assert is_plain(text)
    assert line_of(text).any()


@pytest.mark.parametrize("text", ["عيادة", "קליניקה", "คลินิก", "क्लिनिक", "\U0001f9ff"])
def test_joined_and_turned_scripts_are_shaped_or_refused(text):
    """With a font that has the script its letters are joined and turned; without one nothing is drawn."""
    assert not is_plain(text)
    try:
        line = line_of(text)
    except WatermarkError as error:
        assert "no font of this machine" in str(error)  # noqa: PT017 (either may be here)
        assert "Latin" in error.hint  # noqa: PT017
    else:
        assert line.any()
        if text == "عيادة":  # joined letters are narrower than the same ones apart
            apart = sum(np.flatnonzero(shaped(letter, 96).any(axis=0)).size for letter in text)
            assert np.flatnonzero(line.any(axis=0)).size < apart
