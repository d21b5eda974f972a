"""Originals stay what they were, and only their owner may read them."""

import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gallery.errors import GalleryError
from gallery.store.vault import Vault, digest_of


@pytest.fixture
def vault(tmp_path):
    """An empty vault."""
    return Vault(tmp_path / "originals")


@settings(deadline=None, max_examples=30)
@given(data=st.binary(max_size=4096))
def test_what_is_put_in_comes_out(tmp_path_factory, data):
    """Any bytes come back as they were, under their digest."""
    vault = Vault(tmp_path_factory.mktemp("vault"))

    assert vault.get(vault.put(data)) == data


def test_the_same_bytes_are_kept_once(vault, tmp_path):
    """A photo sealed twice takes the place of one."""
    assert vault.put(b"skin") == vault.put(b"skin")
    assert [digest_of(b"skin")] == list(vault.digests())


@pytest.mark.skipif(os.name != "posix", reason="rights of this kind are POSIX's")
def test_nobody_else_may_read(vault, tmp_path):
    """Files are 0600 and folders 0700."""
    vault.put(b"skin")
    paths = [tmp_path / "originals", *(tmp_path / "originals").rglob("*")]

    assert {stat.S_IMODE(p.stat().st_mode) for p in paths if p.is_dir()} == {0o700}
    assert {stat.S_IMODE(p.stat().st_mode) for p in paths if p.is_file()} == {0o600}


def test_a_changed_original_is_never_handed_out(vault, tmp_path):
    """One flipped bit is named by `get` and by `verify`."""
    digest = vault.put(b"skin")
    place = next(p for p in (tmp_path / "originals").rglob("*") if p.is_file())
    place.write_bytes(b"sKin")

    with pytest.raises(GalleryError, match="was changed after it was sealed"):
        vault.get(digest)
    assert len(vault.verify()) == 1


def test_a_missing_original_is_named(vault):
    """An original that is not there is an error with its digest, not an empty picture."""
    with pytest.raises(GalleryError, match="is missing"):
        vault.get(digest_of(b"never sealed"))


@pytest.mark.parametrize(
    "digest", ["", "sha256:", "md5:0123", "sha256:../../../etc/passwd", "sha256:" + "." * 64]
)
def test_a_digest_is_no_path(vault, digest):
    """A made-up digest leads nowhere outside the vault."""
    with pytest.raises(GalleryError, match="a digest like"):
        vault.has(digest)


def test_leftovers_are_swept_but_not_originals(vault):
    """What an interrupted import left goes away in time; what is catalogued stays."""
    kept, left = vault.put(b"catalogued"), vault.put(b"left over")

    assert vault.sweep(frozenset({kept}), older_than_s=3600) == 0
    assert vault.sweep(frozenset({kept}), older_than_s=-1) == 1
    assert vault.has(kept)
    assert not vault.has(left)
