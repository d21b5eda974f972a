"""Each way of failing ends a command, and answers a page, as its kind says."""

import pytest
from click.testing import CliRunner

from crawler import errors
from pairwatch import cli


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        (errors.NotFoundError, 404, 1),
        (errors.ConflictError, 409, 1),
        (errors.AnotherRunActiveError, 409, 75),
        (errors.RefusedError, 422, 1),
        (errors.BadUrlError, 422, 1),
        (errors.DamagedError, 500, 1),
        (errors.UnavailableError, 503, 1),
        (errors.RunStoppedError, 503, 1),
    ],
)
def test_the_kind_of_an_error_says_how_it_ends(kind, status, code):
    """A page's status and a command's exit code follow from the error alone."""
    error = kind("no", hint="do")

    assert (error.status, error.exit_code, str(error), error.hint) == (status, code, "no", "do")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("review", "7", "unsure", "--by", "J. Doe"), "there is no finding 7"),
        (("site", "remove", "https://nobody.example/"), "is on no list"),
        (("site", "add", "not an address"), "not an address"),
    ],
)
def test_a_command_that_fails_says_one_sentence(watch, words, says):
    """What is not there, or is no input, is a sentence with exit code 1."""
    shown = CliRunner().invoke(cli, ["--data", str(watch().root), *words])

    assert (shown.exit_code, says in shown.output) == (1, True)
