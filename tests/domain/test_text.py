"""Text from outside cannot steer a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.text import clean, natural, one_line

ANY = st.text(st.characters(categories=None)) | st.lists(
    st.sampled_from(
        ["\x1b", "[", "]", "31m", "\x9b", "\x07", "\x1b\\", "a", "\n", "\x90", "P", "ü", "\u202e", "\udcff"]
    )
).map("".join)


def harmless(char: str) -> bool:
    code = ord(char)
    controls = code < 32 or 127 <= code < 160
    reordering = char in "\u061c\u200e\u200f\u2028\u2029" or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return char in "\t\n" or not (controls or reordering or 0xD800 <= code < 0xE000)


@given(ANY)
def test_nothing_harmful_is_left(text: str) -> None:
    """No control character, no mark that reorders; it can be written, and cleaning again changes nothing."""
    cleaned = clean(text)
    assert all(map(harmless, cleaned))
    cleaned.encode()
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(exclude_categories=["C", "Z"])))
def test_plain_text_stays_as_it_is(text: str) -> None:
    """Of any language, with tabs and newlines."""
    assert clean(f"{text}\t{text}\n") == f"{text}\t{text}\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;c2VjcmV0\x1b\\text", "text"),
        ("\x1b]0;never ended\nnext", "\nnext"),
        ("\x1bP1$r0m\x1b\\text", "text"),
        ("\x1b(Btext\x1b", "text"),
        ("\x1b[2J\x1b[Htext", "text"),
        ("a\rb\x08c\x00d", "abcd"),
        ("txt.\u202egnp", "txt.gnp"),
        ("name\udcff", "name\ufffd"),
    ],
)
def test_sequences_go_as_a_whole(text: str, left: str) -> None:
    """Their parameters do not stay behind as text."""
    assert clean(text) == left


@given(ANY, st.integers(0, 20))
def test_one_line_is_one_line_and_not_too_long(text: str, limit: int) -> None:
    """Blanks of any kind become one space."""
    line = one_line(text, limit)
    assert "\n" not in line
    assert "\t" not in line
    assert "  " not in line
    assert not limit or len(line) <= limit


def test_a_cut_is_shown() -> None:
    """By an ellipsis, which counts."""
    assert one_line("one  two\nthree") == "one two three"
    assert one_line("one two three", 8) == "one two…"
    assert one_line("one two", 7) == "one two"


def test_names_with_numbers_sort_as_people_count():
    names = ["rank10", "rank2", "a", "", "rank", "2", "rank2b"]
    assert sorted(names, key=natural) == ["", "2", "a", "rank", "rank2", "rank2b", "rank10"]
