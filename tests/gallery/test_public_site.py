"""The site shows what consent allows, whole and in one step, and nothing leaks with it."""

import io
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urljoin

import html5lib
import pytest
from bs4 import BeautifulSoup
from PIL import Image, ImageChops, ImageStat

from gallery.errors import GalleryError
from gallery.events import Action
from gallery.model import Performer, Stage
from gallery.rules.disclosures import stage_sentences
from gallery.services.withdraw import record_withdrawal
from gallery.site.deploy import Layout, exchange, lay_out, listing, recover
from gallery.site.stories import slug
from gallery.store.catalog import Catalog
from gallery.store.ledger import Ledger
from watermark.picture.credit import read_credit


@pytest.fixture
def built(clinic, two_cases):
    """A built site: Patient 51 is public, Patient 52 is not."""
    two_cases[1] |= {
        "performed_by": "us",
        "session": 1,
        "sessions": 3,
        "elapsed": "immediately",
        "tags": "Scar|Hair Loss",
    }
    clinic.take_in(two_cases)
    clinic.build()
    return clinic


def pages(clinic):
    """Give the text of every page."""
    return {name: clinic.page(name) for name in clinic.public() if name.endswith(".html")}


def test_only_what_consent_allows_is_there(built):
    """Two of five photos are public, each in three formats and two sizes, under random names."""
    photos = {name for name in built.public() if name.startswith("photos/")}

    assert {Path(name).suffix for name in photos} == {".avif", ".webp", ".jpg"}
    assert len(photos) == 2 * 3 * 2
    assert all(re.fullmatch(r"photos/[0-9a-f]{24}-\d+\.(avif|webp|jpg)", name) for name in photos)
    assert "patient-51/index.html" in built.public()
    assert "patient-52/index.html" not in built.public()
    assert not any("Patient 52" in text for text in pages(built).values())


def test_every_page_is_html5_without_a_fault(built):
    """A strict parser finds nothing, every picture has words and a size, and no script or style is inline."""
    for name, text in pages(built).items():
        html5lib.HTMLParser(strict=True).parse(text)
        soup = BeautifulSoup(text, "lxml")
        assert all(
            image.get("alt") and image.get("width") and image.get("height") for image in soup("img")
        ), name
        assert not [tag for tag in soup("script") if not tag.get("src")]
        assert not soup("style")
        assert not soup.select("[style], [onclick], [onload]")


def test_every_link_leads_somewhere(built):
    """All addresses are relative and lead to files that are there, so that the site works from a folder."""
    there = built.public()
    for name, text in pages(built).items():
        soup = BeautifulSoup(text, "lxml")
        found = [tag[key] for tag in soup.select("[href], [src]") for key in ("href", "src") if tag.get(key)]
        found += [
            part.split()[0] for tag in soup.select("[srcset]") for part in str(tag["srcset"]).split(",")
        ]
        own = [link for link in map(str, found) if not link.startswith(("#", "https://harbour.example"))]
        assert {urljoin(name, link) for link in own} <= there, name


def test_the_story_is_told_in_order_with_its_labels(built):
    """Sides are named in words, before stands before after, and the record's own sentences are printed."""
    soup = BeautifulSoup(built.page("patient-51/index.html"), "lxml")

    assert [tag.text for tag in soup.select(".stage h3")] == ["Before", "After"]
    assert [tag["data-label"] for tag in soup.select(".pair .shot")] == ["Before", "After"]
    assert "Taken immediately after session 1 of 3." in soup.text
    assert "This work was done by us." in soup.text
    assert {image["alt"] for image in soup.select(".stage img")} == {
        "Patient 51, before, view: front", "Patient 51, after, view: front",
    }  # fmt: skip


def test_tags_have_pages(built):
    """A tag leads to its cases, and back."""
    assert "Patient 51" in built.page("tags/hair-loss/index.html")
    assert "tags/hair-loss/index.html" in built.page("patient-51/index.html")


def test_spellings_of_a_tag_are_one_tag(clinic):
    """Both "hairloss" and "hair loss" lead to one page, which explains itself."""
    with clinic.folder.settings_file.open("a") as file:
        file.write('[tags."hair loss"]\nsynonyms = ["hairloss"]\ntext = "Thinning and bald places."\n')
    rows = clinic.rows({1: ["before"], 2: ["before"]}, consent_signed="2026-01-01")
    clinic.take_in([row | {"tags": tag} for row, tag in zip(rows, ("Hairloss", "hair loss"), strict=True)])
    clinic.build()
    page = clinic.page("tags/hair-loss/index.html")

    assert [name for name in clinic.public() if name.startswith("tags/")] == ["tags/hair-loss/index.html"]
    assert all(words in page for words in ("Patient 1", "Patient 2", "Thinning and bald places.", "hairloss"))


def test_the_choice_of_cases_is_disclosed(built):
    """How many are shown, of how many who agreed, of how many there are."""
    text = " ".join(BeautifulSoup(built.page("index.html"), "lxml").text.split())

    assert (
        "Shown: 1 of the 1 patient who agreed to publication; 1 more in our catalogue did not, or not yet."
        in text
    )


def test_machines_find_the_site_when_its_address_is_known(clinic):
    """With an address there are a feed, a sitemap and descriptions that parse; without one there are none."""
    clinic.take_in(clinic.rows({7: ["before", "after"]}, consent_signed="2026-01-01", tags="scar"))
    clinic.build()
    assert not {"feed.atom", "sitemap.xml"} & clinic.public()

    with clinic.folder.settings_file.open("a") as file:
        file.write('[site]\nbase_url = "https://harbour.example/gallery"\n')
    clinic.build()
    feed = BeautifulSoup(clinic.page("feed.atom"), "xml")
    sitemap = BeautifulSoup(clinic.page("sitemap.xml"), "xml")
    page = BeautifulSoup(clinic.page("patient-7/index.html"), "lxml")
    described = json.loads(page.select('script[type="application/ld+json"]')[0].text)
    start = "https://harbour.example/gallery/"

    assert [link["href"] for link in feed.select("entry > link")] == [f"{start}patient-7/index.html"]
    assert {tag.text for tag in sitemap.select("loc")} == {
        f"{start}{name}" for name in ("index.html", "patient-7/index.html", "tags/scar/index.html")
    }
    assert [media["name"] for media in described["associatedMedia"]] == ["Before", "After"]
    assert described["associatedMedia"][0]["copyrightNotice"] == "© 2026 Harbour Clinic"
    assert str(page.select('meta[property="og:image"]')[0]["content"]).removeprefix(start) in clinic.public()


def test_pictures_carry_credit_and_nothing_else(clinic):
    """GPS, names, comments and thumbnails of the original are gone; owner, year and rights page are there."""
    clinic.desk.mkdir()
    image = Image.effect_noise((300, 200), 70).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = "Jane Example, born 1970"
    exif.get_ifd(0x8825)[1] = "N"
    image.save(clinic.desk / "Jane Example.jpg", exif=exif, comment=b"patient: Jane Example")
    clinic.take_in(
        [
            {
                "case": 5,
                "stage": "before",
                "view": "front",
                "file": "Jane Example.jpg",
                "consent_signed": "2026-01-01",
            }
        ]
    )
    clinic.build()

    for name in clinic.public():
        data = (clinic.folder.public / name).read_bytes()
        assert b"Jane" not in data
        if name.startswith("photos/"):
            credit = read_credit(data)
            assert credit is not None
            assert (credit.owner, credit.year) == ("Harbour Clinic", 2026)
            assert credit.web_statement == "https://harbour.example/rights"
            with Image.open(io.BytesIO(data)) as opened:
                assert "comment" not in opened.info
                assert 0x8825 not in opened.getexif()
                assert 0x010E not in opened.getexif()


def test_the_visible_mark_is_on_every_size(built):
    """No published file of the photo is the bare picture."""
    bare = [Image.open(io.BytesIO((built.desk / f"photos/IMG_51_{n}.jpg").read_bytes())) for n in (0, 1)]
    for place in (built.folder.public / "photos").glob("*.jpg"):
        with Image.open(place) as marked:
            height, where = marked.height, (0, round(marked.height * 0.82), marked.width, marked.height)
            apart = [
                ImageChops.difference(marked, one.resize(marked.size, Image.Resampling.LANCZOS))
                for one in bare
            ]
            nearest = min(apart, key=lambda image: ImageStat.Stat(image).sum[0])
            assert ImageStat.Stat(nearest.crop(where)).mean[0] > 2 * ImageStat.Stat(
                nearest.crop((0, round(height * 0.2), marked.width, round(height * 0.7)))
            ).mean[0]  # fmt: skip


def test_nothing_changed_means_no_work(built):
    """Building twice leaves every file's time alone; a change in the site's folder is put right."""
    before = {name: (built.folder.public / name).stat().st_mtime_ns for name in built.public()}
    assert not built.build().changed
    assert before == {name: (built.folder.public / name).stat().st_mtime_ns for name in built.public()}

    (built.folder.public / "index.html").write_text("defaced")
    assert built.build().changed
    assert "defaced" not in built.page("index.html")


def test_names_of_published_files_are_permanent(built):
    """A photo keeps its published name when other things change."""
    before = {name for name in built.public() if name.startswith("photos/")}
    built.take_in(built.rows({60: ["before", "after"]}, first_seed=200, consent_signed="2026-02-01"))
    built.build()

    assert before < {name for name in built.public() if name.startswith("photos/")}


def test_a_withdrawn_case_is_gone_from_every_file(built):
    """Withdrawal empties the site and the cache, and leaves a page that says so."""
    photos = {name for name in built.public() if name.startswith("photos/")}
    with built.practice() as p:
        receipt = record_withdrawal(p, 51, "", [])
    done = built.build()

    assert (receipt.photos_public_before, done.removed, done.photos) == (2, 2, 0)
    assert not photos & built.public()
    assert list(built.folder.renditions.glob("??/*/*")) == []
    assert "was withdrawn" in built.page("patient-51/index.html")
    assert "Patient 51" not in built.page("index.html")
    assert built.verify().problems == ()


def test_an_expired_consent_is_gone_at_the_next_build(clinic):
    """A week before, the build warns; the day after, the photos are gone."""
    clinic.take_in(
        clinic.rows({51: ["before", "after"]}, consent_signed="2026-01-01", consent_expires="2026-03-05")
    )

    assert [consent.case for consent in clinic.build().expiring] == [51]
    assert clinic.build(clinic.now + timedelta(days=4)).photos == 2
    assert clinic.verify(clinic.now + timedelta(days=5)).problems
    done = clinic.build(clinic.now + timedelta(days=5))
    assert (done.photos, done.removed) == (0, 2)
    assert clinic.verify(clinic.now + timedelta(days=5)).problems == ()


def test_publication_and_its_end_are_in_the_ledger(built):
    """Who published what, and who took it off, is written down for good."""
    database = built.database()
    Catalog(database).withdraw_consents(51, None, built.now)
    database.close()
    built.build()
    database = built.database()
    published, unpublished = Action.PHOTO_PUBLISHED, Action.PHOTO_UNPUBLISHED
    actions = [one.action for one in Ledger(database).entries() if one.action in {published, unpublished}]
    database.close()

    assert actions == [published, published, unpublished, unpublished]


def test_each_channel_gets_what_consent_allows_there(clinic):
    """A platform that forbids marks gets bare pictures of those who agreed to it, and loses them on withdrawal."""
    with clinic.folder.settings_file.open("a") as file:
        file.write('[channels.platform]\nsizes = [200]\nformats = ["jpeg"]\nmark = false\n')
    rows = clinic.rows({1: ["before", "after"], 2: ["before"]}, consent_signed="2026-01-01")
    clinic.take_in([row | {"consent_scope": "website|platform" if row["case"] == 1 else ""} for row in rows])
    clinic.build()
    place = clinic.folder.channels / "platform"
    found = {path.relative_to(place).as_posix() for path in place.rglob("*.jpg")}
    assert found == {"patient-1/1-before-front.jpg", "patient-1/2-after-front.jpg"}
    assert not any("platform" in text for text in pages(clinic).values())

    database = clinic.database()
    Catalog(database).withdraw_consents(1, frozenset({"platform"}), clinic.now)
    database.close()
    done = clinic.build()
    assert list(place.rglob("*.jpg")) == []
    assert done.photos == 3
    assert clinic.verify().problems == ()


def test_the_stage_stands_in_the_picture_where_the_channel_allows_it(clinic):
    """Before on the left, later stages on the right, in every size; a platform that forbids text gets none."""
    with clinic.folder.settings_file.open("a") as file:
        file.write(
            '[channels.platform]\nsizes = [240]\nformats = ["jpeg"]\nmark = false\nconsent = "website"\n'
        )
    clinic.take_in(clinic.rows({1: ["before", "after"]}, consent_signed="2026-01-01"))
    clinic.build()
    bare = [Image.open(place) for place in sorted((clinic.folder.channels / "platform").rglob("*.jpg"))]
    shown = re.findall(r'href="\.\./(photos/\w+-\d+\.jpg)"', clinic.page("patient-1/index.html"))

    assert len(shown) == len(bare) == 2
    for side, address, plain in zip(("left", "right"), shown, bare, strict=True):
        for place in clinic.folder.public.glob(address.rpartition("-")[0] + "-*.jpg"):
            with Image.open(place) as published:
                width, high = published.width // 4, published.height // 10
                corners = {
                    "left": (0, 0, width, high),
                    "right": (published.width - width, 0, published.width, high),
                }
                apart = ImageChops.difference(published, plain.resize(published.size))
                seen = {name: ImageStat.Stat(apart.crop(box)).mean[0] for name, box in corners.items()}
            assert max(seen, key=seen.__getitem__) == side
            assert seen[side] > 20


def test_a_name_reaches_no_other_channel(clinic):
    """A stage named after a patient would stand in file names and pictures: that channel gets nothing, others do."""
    (clinic.folder.root / "never-publish.txt").write_text("Maria Lopez\n")
    with clinic.folder.settings_file.open("a") as file:
        file.write('[channels.print]\nsizes = [200]\nformats = ["jpeg"]\n[channels.social]\nsizes = [120]\n')
    rows = clinic.rows(
        {1: ["before", "after Maria Lopez"]}, consent_signed="2026-01-01", consent_scope="print"
    )
    rows += clinic.rows({2: ["before"]}, first_seed=50, consent_signed="2026-01-01", consent_scope="social")
    clinic.take_in(rows)
    with pytest.raises(GalleryError, match="files for print were not laid out, because it would betray"):
        clinic.build()

    assert not (clinic.folder.channels / "print").exists()
    assert list((clinic.folder.channels / "social").rglob("*.jpg"))


def test_a_withdrawal_does_not_wait_for_another_cases_trouble(built):
    """When the site cannot be built anew, the withdrawn patient's pictures and page are gone all the same."""
    built.take_in(built.rows({60: ["before"]}, first_seed=200, consent_signed="2026-02-01"))
    with built.practice() as p:
        newest = p.catalog.photos(60)[0]
        record_withdrawal(p, 51, "", [])
    next(built.folder.originals.rglob(newest.digest.removeprefix("sha256:"))).write_bytes(b"changed")
    with pytest.raises(GalleryError, match="was changed after it was sealed"):
        built.build()

    assert not any(name.startswith(("photos/", "patient-51/")) for name in built.public())


def test_a_damaged_original_stops_the_build(built):
    """A build never publishes half: it names the photo's original and leaves the old site."""
    before = built.public()
    built.take_in(built.rows({60: ["before"]}, first_seed=200, consent_signed="2026-02-01"))
    database = built.database()
    newest = Catalog(database).photos(60)[0]
    database.close()
    place = next(built.folder.originals.rglob(newest.digest.removeprefix("sha256:")))
    place.write_bytes(b"changed")

    with pytest.raises(GalleryError, match="was changed after it was sealed"):
        built.build()
    assert built.public() == before


def test_the_folder_is_replaced_as_a_whole(tmp_path):
    """After an exchange the new site is live, and the old one's files that it does not show are gone."""
    picture, new, live = tmp_path / "cached", tmp_path / "next", tmp_path / "public"
    picture.write_text("picture")
    old = Layout({"page": b"old", "gone/page": b"gone"}, {"photos/a": picture, "photos/b": picture})
    lay_out(live, old)
    shown = Layout({"page": b"new"}, {"photos/b": picture, "photos/c": picture})
    lay_out(new, shown)
    exchange(new, live, shown)

    assert sorted(listing(live)) == ["page", "photos/b", "photos/c"]
    assert (live / "page").read_text() == "new"
    assert list(listing(new)) == ["photos/b"]


def test_a_site_moved_aside_by_a_crash_comes_back(tmp_path):
    """Where two folders cannot be exchanged in one step, the old site is put back by the next command."""
    (tmp_path / "public.old").mkdir()
    recover(tmp_path / "public")

    assert (tmp_path / "public").is_dir()


STAGE = Stage(case=1, label="after", procedure="Scalp micropigmentation", performed_by=Performer.US)


@pytest.mark.parametrize(
    ("stage", "sentence"),
    [
        (
            replace(STAGE, session=1, sessions=3, elapsed="immediately"),
            "Taken immediately after session 1 of 3.",
        ),
        (replace(STAGE, session=2, elapsed="7 days"), "Taken 7 days after session 2."),
        (replace(STAGE, elapsed="1 year"), "Taken 1 year after the treatment."),
        (STAGE, "This work was done by us."),
        (replace(STAGE, performed_by=Performer.OTHER), "This work was done by another doctor, not by us."),
        (replace(STAGE, performed_by=Performer.UNKNOWN), "Who did this work is not recorded."),
        (replace(STAGE, in_progress=True), "The treatment is not finished: further work is planned."),
        (replace(STAGE, note="Redness goes away in a day or two"), "Redness goes away in a day or two."),
    ],
)
def test_the_record_speaks_for_itself(stage, sentence):
    """What a caption must say honestly is made from the facts."""
    assert sentence in stage_sentences(stage)


def test_before_claims_no_work():
    """A photo from before any work says nothing about who did it."""
    assert stage_sentences(Stage(case=1, label="before")) == []


def test_tags_never_share_a_page():
    """Tags that differ only in signs have pages of their own, with names safe everywhere."""
    names = [slug(tag) for tag in ("hair loss", "hair-loss", "c++", "c", "日本", "中国", "../up")]

    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
