"""The list of sites: what a person types, what a file holds, what is proposed."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from crawler.desk.suggest import addresses_in, read_list, suggest
from crawler.errors import ConflictError, RefusedError
from crawler.model import Listing, Site
from crawler.store.database import open_watch
from crawler.store.sites import Sites
from pairwatch import cli

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_a_site_on_both_lists_is_refused(watch):
    """Watched and allowed at once makes no sense; the sentence says how to get on."""
    folder = watch(Site(url="https://a.example/"))

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "site", "allow", "https://a.example"])

    assert shown.exit_code == 1
    assert "on the watch list already" in shown.output
    assert "pairwatch site remove https://a.example/" in shown.output


@pytest.mark.parametrize(
    "same", ["http://a.example/", "https://www.a.example/", "https://A.EXAMPLE./gallery/"]
)
def test_no_other_spelling_puts_a_site_on_both_lists(watch, same):
    """With www., without encryption, under a path: a visit would see the same pages, so it is the same site."""
    folder = watch(Site(url="https://a.example/"))

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "site", "allow", same])

    assert shown.exit_code == 1
    assert "as https://a.example/, which is the same site" in shown.output


def test_a_file_in_another_encoding_is_named_and_lists_nothing(watch, tmp_path):
    """Latin-1 from an old spreadsheet: where the first such letter is, and what to do."""
    file = tmp_path / "sites.csv"
    file.write_bytes("https://a.example/\nhttps://b.example/, watch, Bücher\n".encode("latin-1"))
    folder = watch()

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "site", "import", str(file)])

    assert shown.exit_code == 1
    assert "line 2, column 29: a letter that is not UTF-8" in shown.output
    assert "a.example" not in CliRunner().invoke(cli, ["--data", str(folder.root), "site", "list"]).output


def test_add_list_remove(watch):
    """What was added is listed, what was removed is not, and can be allowed then."""
    folder = watch()

    def say(*words):
        return CliRunner().invoke(cli, ["--data", str(folder.root), "site", *words])

    assert say("add", "b.example", "--note", "told by mail").exit_code == 0
    assert "watch  https://b.example/  told by mail" in say("list").output
    assert say("remove", "https://b.example/").exit_code == 0
    assert "b.example" not in say("list").output
    assert say("allow", "https://b.example/").exit_code == 0
    assert say("remove", "https://c.example/").exit_code == 1


def test_a_file_with_mistakes_lists_nothing_and_names_each_place(watch, tmp_path):
    """Line and column of every mistake; nothing is half listed."""
    file = tmp_path / "sites.csv"
    file.write_text(
        "# ours\nhttps://a.example/, watch, fine\nhttps://b.example/, wacth\n\n  htps:/c\n", encoding="utf-8"
    )
    folder = watch()

    shown = CliRunner().invoke(cli, ["--data", str(folder.root), "site", "import", str(file)])

    assert "line 3, column 21: `watch` or `allow` was expected, found 'wacth'" in shown.output
    assert "line 5, column 3: 'htps:/c' is no address of a site" in shown.output
    assert "a.example" not in CliRunner().invoke(cli, ["--data", str(folder.root), "site", "list"]).output


def test_a_file_of_sites():
    """Address, list and note; quotes hold a note with commas together; IDNs are spelled for the network."""
    lines = read_list('https://a.example/, allow, "ours, of old"\nbücher.example\n', "sites.csv")

    assert [(line.url, line.listing, line.note) for line in lines] == [
        ("https://a.example/", Listing.ALLOW, "ours, of old"), ("https://xn--bcher-kva.example/", Listing.WATCH, ""),
    ]  # fmt: skip
    with pytest.raises(RefusedError, match="watched and allowed at once"):
        read_list("a.example, allow\nwww.a.example, watch", "sites.csv")


def test_suggestions_come_from_tips_and_exports(watch, tmp_path):
    """A tip's site and the results of a reverse search are proposed, listed sites and social networks are not."""
    folder = watch(
        Site(url="https://known.example/"), Site(url="https://tipped.example/", listing=Listing.TIP)
    )
    export = tmp_path / "results.csv"
    export.write_text(
        "https://known.example/x.jpg,1\n<a href='https://new.example/gallery'>,\nhttps://www.facebook.com/x\n"
    )

    found = suggest(folder, (export,))

    assert [one.url for one in found] == ["https://tipped.example/", "https://new.example/"]
    assert addresses_in("see (https://a.example/x). and https://a.example/x") == ["https://a.example/x"]


def test_all_or_none(watch):
    """A list in which one site is on the other list already changes nothing."""
    folder = watch(Site(url="https://a.example/"))
    db = open_watch(folder.database)
    with pytest.raises(ConflictError):
        Sites(db).put_all(
            [Site(url="https://b.example/"), Site(url="https://a.example/", listing=Listing.ALLOW)], NOW
        )

    assert [site.url for site in Sites(db).listed()] == ["https://a.example/"]
    db.close()
