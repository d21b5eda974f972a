"""What this installation signs can be checked by anybody with its public key."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gallery.errors import DamagedError
from gallery.settings import DataFolder
from gallery.store.signature import Signer, public_key_of, verify_signature


@pytest.fixture(scope="module")
def signer(tmp_path_factory):
    """Whoever signs in a practice of this test."""
    return Signer(DataFolder(tmp_path_factory.mktemp("practice")))


def test_key_and_signature_have_the_form_of_minisign(signer):
    """Both files are what minisign writes, and the key read back is the same."""
    lines = signer.sign(b"data", "a\ncomment").splitlines()
    assert lines[0].startswith("untrusted comment: ")
    assert lines[2] == "trusted comment: a comment"
    assert base64.b64decode(lines[1])[:2] == b"ED"
    assert base64.b64decode(lines[1])[2:10] == base64.b64decode(signer.public_key.line)[2:10]
    assert public_key_of(signer.public_key.text) == signer.public_key


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    """Two signers of one folder share a key that nobody else can read."""
    folder = DataFolder(tmp_path)
    assert Signer(folder).public_key == Signer(folder).public_key
    assert (tmp_path / "keys" / "signing.key").stat().st_mode & 0o777 == 0o600


@given(data=st.binary(max_size=200), place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_any_changed_bit_is_refused(signer, data, place, bit):
    """Changed data, signature or comment is refused with a sentence, and never passes."""
    signature = signer.sign(data, "42:sha256:00")
    assert verify_signature(data, signature, signer.public_key) == "42:sha256:00"
    with pytest.raises(DamagedError):
        verify_signature(data + b"x", signature, signer.public_key)
    start = signature.index("\n") + 1  # the first line is covered by nothing, as minisign says
    broken = bytearray(signature.encode())
    place = start + place % (len(broken) - start - 1)
    broken[place] ^= 1 << bit
    text = broken.decode("latin-1")
    if _meaning(text) != _meaning(signature):
        with pytest.raises(DamagedError):
            verify_signature(data, text, signer.public_key)


def _meaning(text):
    """What a signature says, whatever ends its lines and pads its base64."""
    lines = text.splitlines()
    try:
        return [base64.b64decode(one) if number in (1, 3) else one for number, one in enumerate(lines)][1:]
    except ValueError:
        return text
