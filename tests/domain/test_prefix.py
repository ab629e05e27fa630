"""What the beginning of an id stands for, for runs, containers and images alike."""

from __future__ import annotations

import pytest

from mltui.domain.errors import NotFound, UsageError
from mltui.domain.prefix import the_one

THINGS = {"abc1": "first", "abd1": "second", "c2": "d"}


def find(text: str) -> str:
    return the_one(THINGS, text, "image", lambda one: one, lambda one: (THINGS[one],), "List them.")


def test_a_name_an_id_or_its_beginning() -> None:
    """A name may be one letter, and counts before the beginning of an id."""
    assert [find(text) for text in ("first", "abd1", "abc", "c2", "d")] == ["abc1", "abd1", "abc1", "c2", "c2"]


@pytest.mark.parametrize(("text", "why"), [("", "empty"), (" ", "empty"), ("c", "too short")])
def test_too_little(text: str, why: str) -> None:
    """The empty text begins every id, of an only one too."""
    with pytest.raises(UsageError, match=why):
        find(text)


@pytest.mark.parametrize(("text", "why"), [("x", "There is no image 'x'"), ("ab", "several images: abc1, abd1")])
def test_none_or_several(text: str, why: str) -> None:
    """Both are said."""
    with pytest.raises(NotFound, match=why):
        find(text)
