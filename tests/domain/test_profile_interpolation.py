"""Variables in the texts of a profile."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.interpolation import InterpolationError, UnsetVariable, interpolate

VALUES = {"A": "a", "EMPTY": "", "B_1": "b"}


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("no variable", "no variable"),
        ("$A", "a"),
        ("${A}", "a"),
        ("x${A}y$B_1.z", "xayb.z"),
        ("$$A $${A}", "$A ${A}"),
        ("${A:-d}", "a"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${NO:-d}", "d"),
        ("${NO-d}", "d"),
        ("${NO:-}", ""),
        ("${NO:-${A}}", "a"),
        ("${NO:-x${NO:-${A}}y}", "xay"),
        ("${NO:-a:b-c?d}", "a:b-c?d"),
        ("${A:+set}", "set"),
        ("${EMPTY:+set}", ""),
        ("${EMPTY+set}", "set"),
        ("${NO+set}", ""),
        ("${A:?needed}", "a"),
        ("${EMPTY?needed}", ""),
    ],
)
def test_every_form_of_compose(text, result):
    """Each form gives what Compose gives."""
    assert interpolate(text, VALUES.get) == result


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NO}", r"\$\{NO\} is not set: export NO, or write \$\{NO:-default\}"),
        ("$NO", "is not set"),
        ("${NO:?give a token}", "is not set: give a token"),
        ("${EMPTY:?}", "is not set: it is required"),
        ("${NO:-${ALSO}}", r"\$\{ALSO\} is not set"),
    ],
)
def test_an_unset_variable_is_named(text, message):
    """The error names the variable and what to do."""
    with pytest.raises(UnsetVariable, match=message):
        interpolate(text, VALUES.get)


@pytest.mark.parametrize("text", ["$", "100$ off", "${", "${A", "${}", "${1}", "${A!b}", "${A:b}", "$-", "${A:-${B_1}"])
def test_what_is_no_variable_is_refused(text):
    """A stray $ is an error, with a sentence, and no guess."""
    with pytest.raises(InterpolationError, match=r"\$"):
        interpolate(text, VALUES.get)


@given(st.text(alphabet="$${}:-?+AB ", max_size=80))
def test_any_text_ends_in_text_or_in_an_error(text):
    """No text makes it fail otherwise, or not end."""
    with contextlib.suppress(InterpolationError):
        assert isinstance(interpolate(text, VALUES.get), str)


def test_nesting_has_a_bound():
    """Defaults in defaults, thousands deep, are refused at once."""
    with pytest.raises(InterpolationError, match="nested more than"):
        interpolate("${N:-" * 5000 + "}" * 5000, VALUES.get)
