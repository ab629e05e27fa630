"""A profile's YAML: every value with its place, everything wrong said at once, and nothing hostile costs much."""

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.errors import ProfileError
from mltui.domain.profile import Profile
from mltui.storage.profiles import check_text, load_profile
from mltui.storage.yaml_source import MAX_BYTES, parse_source, read_source


def problems(text: str) -> list[str]:
    """What is wrong with a text, as line:column: path: message."""
    return [str(problem).removeprefix("profile.yaml:") for problem in parse_source(text).problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5", 5),
        ("-1", -1),
        ("0.5", 0.5),
        ("1e-3", 0.001),
        (".inf", float("inf")),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("22:22", "22:22"),
        ("1_000", "1_000"),
        ("0777", "0777"),
        ("2024-01-01", "2024-01-01"),
        ("'no'", "no"),
        ('"5"', "5"),
        ("!!str 5", "5"),
        ("1.2.3", "1.2.3"),
        ("y", "y"),
    ],
)
def test_scalars_are_yaml_1_2(written, value):
    """No sexagesimal numbers, octals or dates: what looks like text is text."""
    source = parse_source(f"key: {written}")
    assert source.problems == ()
    assert source.data["key"] == value
    assert isinstance(source.data["key"], type(value))


@pytest.mark.parametrize("written", ["1e-3", "1.10", "+5", "0.0010", ".5"])
def test_numbers_keep_their_spelling(written):
    """What goes into a command goes as it was written."""
    assert str(parse_source(f"key: {written}").data["key"]) == written


def test_places_count_from_one():
    """Keys and values, in block and flow style, in lists, and NAME=value by its name."""
    source = parse_source("a: 1\nb:\n  - x\n  - {c: 2, d: 3}\ne: [A=1, B=2]\n")
    assert source.place(("a",)) == (1, 4)
    assert source.place(("b", 0)) == (3, 5)
    assert source.place(("b", 1, "d")) == (4, 15)
    assert source.place(("b", 1, "d"), key=True) == (4, 12)
    assert source.place(("e", "B")) == (5, 10)
    assert source.place(("b", 7)) == (3, 3)
    assert source.place(()) == (1, 1)


def test_anchors_and_merges():
    """What << brings in is overwritten by what stands beside it."""
    source = parse_source("x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz: {<<: [*x, *y], a: 9}\nw: *x\n")
    assert source.problems == ()
    assert source.data["z"] == {"a": 9, "b": 2, "c": 4}
    assert source.data["w"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\na: 2", ["2:1: a: is written twice; the first is in line 1"]),
        ("a: {b: 1, b: 2}", ["1:11: a.b: is written twice; the first is in line 1"]),
        ("a: no", ["1:4: a: no can be read as text or as false: write 'no' or false"]),
        ("a: [Yes, ON]", ["1:5: a.0: Yes can be", "1:10: a.1: ON can be"]),
        ("a: 1\n\tb: 2", ["2:1: a tab, where YAML wants spaces"]),
        ("a: !!python/object:os.system x", ["1:4: a: the tag tag:yaml.org,2002:python/object:os.syst"]),
        ("a: !include x\nb: no", ["1:4: a: the tag !include", "2:4: b: no can be"]),
        ("- 1", ["1:1: expected a mapping of keys"]),
        ("text", ["1:1: expected a mapping of keys"]),
        ("", ["1:1: is empty"]),
        ("# a comment", ["1:1: is empty"]),
        ("a: [", ["1:5: not YAML: a value is missing here"]),
        ("a: b: c", ["1:5: not YAML: a colon here would begin another value"]),
        ("image: a\nabcdefghijkl\n", ["2:1: not YAML: expected key: value"]),
        ("a: 'x", ["1:4: not YAML: the quote that begins here is not closed"]),
        ("a: 1\n---\nb: 2", ["2:1: a second document starts here"]),
        ("? [a]\n: 1", ["1:3: a key must be text"]),
        ("a: *x", ["1:4: a: the alias *x stands before or inside its anchor"]),
        ("a: &a [*a]", ["1:8: a.0: the alias *a stands before or inside its anchor"]),
        ("a: {<<: 5}", ["1:9: a.<<: expected a mapping"]),
        ("a: 1\nb: \x00", ["2:4: a character that is no text: U+0000"]),
        ('a: ["\\0"]', ["1:5: a.0: a NUL character"]),
        ('"a\\0": 1', ["1:1: a key with a NUL character"]),
        ("a: \x1b[31m", ["1:4: a character that is no text: U+001B"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, found):
    """Line, column, path, and a sentence."""
    said = problems(text)
    assert len(said) == len(found)
    for one, start in zip(said, found, strict=True):
        assert one.startswith(start)


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(20)),
        "[" * 500_000,
        "{a: " * 100_000,
        "a: [" + "1," * 400_000,
        "- " * 300_000,
    ],
    ids=["aliases that explode", "lists in lists", "mappings in mappings", "a long list", "dashes"],
)
def test_hostile_texts_are_refused_early(text):
    """They are read as far as the bound, not to their end."""
    (problem,) = parse_source(text).problems
    assert "nested more than" in problem.message or "values, aliases expanded" in problem.message


_MANY = 6000


@pytest.mark.parametrize(
    ("text", "said", "most"),
    [
        ("".join(f"volumez{i}: 1\n" for i in range(_MANY)), "5900 more problems are not listed", 102),
        ("ports: [" + "a:b," * _MANY + "]\n", "5900 more problems are not listed", 102),
        (
            f"params: {{{', '.join(f'param{i}: 1' for i in range(_MANY))}}}\n"
            f"command: [{', '.join(f'${{parma{i}}}' for i in range(_MANY))}]\n".replace("${parma", "'${parma")
            .replace("},", "}',").replace("}]", "}']"),
            "did you mean ${param0}?",
            102,
        ),
        ("command: " + "${b}" * 200_000 + "\n", "the command line is longer than 32 KiB", 2),
        ("user: " + "${A:-" * 100_000 + "}" * 100_000 + "\n", "variables are nested more than 8 deep", 2),
        ("ports: [" + '"1-65535",' * 1000 + "]\n", "more than 1024 ports", 2),
        ("shm_size: " + "9" * 900_000 + "g\n", "expected a size", 2),
        ("pids_limit: " + "9" * 900_000 + "\n", "pids_limit", 2),
        ("gpus: " + "0," * 300_000 + "x\n", "expected the index or the UUID", 2),
    ],
    ids=["unknown keys", "bad entries", "near names", "one line", "nested", "ports", "size", "number", "devices"],
)  # fmt: skip
def test_hostile_profiles_are_refused_early(tmp_path, text, said, most):
    """What fits the bounds of the file and would take minutes, or memory, to say."""
    found = check_text(f"image: x\n{text}", tmp_path / "profile.yaml", {}).problems
    assert any(said in str(problem) for problem in found)
    assert len(found) <= most
    assert all(len(str(problem)) < 900 for problem in found)


def test_a_big_file_is_not_read(tmp_path):
    """50 MB on disk, of which little more than the bound is read."""
    path = tmp_path / "profile.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    (problem,) = read_source(path).problems
    assert problem.message == f"is larger than {MAX_BYTES >> 20} MiB: this is no profile"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: None, "cannot be read: there is no such file"),
        (lambda path: path.mkdir(), "cannot be read: is a directory"),
        (os.mkfifo, "is not a file that can be read as a profile"),
        (lambda path: path.write_bytes(b"a: \xff\xfe"), "is not text in UTF-8: byte 3 is 0xff"),
        (lambda path: path.write_bytes(b"\x7fELF\x02\x01"), "a character that is no text: U+007F"),
        (lambda path: path.symlink_to(path), "cannot be read: too many levels of symbolic links"),
    ],
    ids=["missing", "folder", "pipe", "not UTF-8", "binary", "link to itself"],
)
def test_what_cannot_be_read_is_said(tmp_path, make, message):
    """Each in a sentence, and a pipe does not block."""
    path = tmp_path / "profile.yaml"
    make(path)
    (problem,) = read_source(path).problems
    assert problem.message == message


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path):
    """As editors elsewhere write them."""
    path = tmp_path / "profile.yaml"
    path.write_bytes(b"\xef\xbb\xbfimage: busybox\r\ncommand: [a]\r\n")
    assert load_profile(path).image == "busybox"


@given(st.text(alphabet="ab:-[]{}&*!#?|>'\"%@`,\n\t \x00é<", max_size=200))
def test_any_text_is_read_or_refused(text):
    """No text raises anything."""
    source = parse_source(text)
    assert source.problems or isinstance(source.data, dict)


_YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=12,
)
_KEYS = st.sampled_from(sorted(Profile.model_fields))


@given(st.dictionaries(_KEYS, _YAML, max_size=4))
def test_any_data_is_a_profile_or_a_list_of_problems(data):
    """Whatever stands under a known key, loading ends in a profile or in problems with places."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "profile.yaml")
        path.write_text(json.dumps(data), encoding="utf-8")
        try:
            problems = () if load_profile(path, {}).path == path else None
        except ProfileError as error:
            problems = error.problems
        assert problems is not None
        assert all(problem.line == 1 and problem.column >= 1 for problem in problems)
