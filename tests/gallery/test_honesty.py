"""A case's page says what the law and the measurements want said, and is left out while its words promise too much."""

from bs4 import BeautifulSoup

from gallery.model import Words
from gallery.store.casework import Casework
from gallery.store.catalog import Catalog


def text_of(clinic, address="patient-51/index.html"):
    """Give the words of a page."""
    return " ".join(BeautifulSoup(clinic.page(address), "lxml").text.split())


def test_a_page_says_what_its_jurisdictions_want(clinic, two_cases):
    """The sentences of every chosen law are printed; another choice changes the page at the next build."""
    clinic.take_in([row | {"procedure": "Pigment"} for row in two_cases])
    clinic.build()
    assert "These photos show one patient. Results differ from person to person." in text_of(clinic)

    settings = clinic.folder.settings_file
    settings.write_text(settings.read_text("utf-8") + '\n[law]\nadvertising = ["us-ca", "au"]\n', "utf-8")
    clinic.build()

    assert "The same results may not occur for all patients." in text_of(clinic)
    assert "Every procedure carries risks; ask about them before you decide." in text_of(clinic)


def test_a_law_can_keep_a_page_off_the_site(clinic, two_cases):
    """Where before and after must name what was done, a case that does not is left out and the reason is told."""
    settings = clinic.folder.settings_file
    settings.write_text(settings.read_text("utf-8") + '\n[law]\nadvertising = ["us-ca"]\n', "utf-8")
    clinic.take_in(two_cases)

    assert any("which procedures were performed" in reason for reason in clinic.build().unpublished_reasons)


def test_a_measured_difference_is_printed_with_its_pair(clinic, two_cases):
    """What was measured to differ stands under the pair, from the next build on."""
    clinic.take_in(two_cases)
    clinic.build()
    with clinic.database() as database:
        before, after = Catalog(database).photos(51)
        told = ["The after photo is 0.5 stops brighter than the before photo."]
        Casework(database).write_differences(before.id, after.id, told, clinic.now)
    clinic.build()

    assert "The after photo is 0.5 stops brighter than the before photo." in text_of(clinic)


def test_words_that_promise_too_much_keep_a_case_off_the_site(clinic, two_cases):
    """A case is left out, with the words and the reason, and is back once they are mended."""
    clinic.take_in(two_cases)
    with clinic.database() as database:
        photo = Catalog(database).photos(51)[0]
        Casework(database).write_words({photo.id: Words("", "A guaranteed result")})
    refused = clinic.build()
    with clinic.database() as database:
        Casework(database).write_words({photo.id: Words("", "The result after a year")})
    mended = clinic.build()

    assert refused.photos == 0
    (reason,) = [reason for reason in refused.unpublished_reasons if "words" in reason]
    assert reason.startswith(
        "the words of Patient 51 may not stand so: “guaranteed”: A result or safety cannot"
    )
    assert mended.photos == 2
