"""YAML changed in place: what an edit looks like in the file, and what is refused."""

from __future__ import annotations

import difflib

import pytest

from mltui.domain.errors import EditError
from mltui.storage.yaml_edit import YamlDocument
from mltui.storage.yaml_source import parse_source

FILE = """\
# A profile
name: digits   # its name
tags: [a, 'b'] # words

params:
  epochs: {default: 5, min: 1}
  lr: 0.1 # rate
  # wd: 0.01

  # end of params
environment:
- A=1
- B="2" # two
volumes:
  - ./data:/data

  - type: bind
    source: /x # where
    target: /y
script: |  # runs
  one
  two

user:
"""
EPOCHS = "-   epochs: {default: 5, min: 1}"


def changes(before: str, after: str) -> list[str]:
    """The lines that went and came."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[:1] in "+-"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("name",), "cats", ["- name: digits   # its name", "+ name: cats   # its name"]),
        (("name",), "a: b", ["- name: digits   # its name", "+ name: 'a: b'   # its name"]),
        (("tags", 1), "it's", ["- tags: [a, 'b'] # words", "+ tags: [a, 'it''s'] # words"]),
        (("tags",), ["a", "c", "no"], ["- tags: [a, 'b'] # words", "+ tags: [a, 'c', 'no'] # words"]),
        (("tags",), [], ["- tags: [a, 'b'] # words", "+ tags: [] # words"]),
        (("params", "epochs", "default"), 20, [EPOCHS, "+   epochs: {default: 20, min: 1}"]),
        (("params", "epochs", "max"), 1e-6, [EPOCHS, "+   epochs: {default: 5, min: 1, max: 1e-06}"]),
        (("params", "lr"), {"default": 0.1, "max": 1}, ["-   lr: 0.1 # rate", "+   lr: {default: 0.1, max: 1} # rate"]),
        (("params", "seed"), 1, ["+   seed: 1"]),
        (("params", "seed"), {"default": 1, "help": "x"}, ["+   seed: {default: 1, help: x}"]),
        (("environment", "A"), "x y", ["- - A=1", "+ - A=x y"]),
        (("environment", "C"), None, ["+ - C"]),
        (("environment", 1), "B=3", ['- - B="2" # two', "+ - B=3 # two"]),
        (("volumes", 1, "source"), "/z", ["-     source: /x # where", "+     source: /z # where"]),
        (("volumes", 1, "read_only"), True, ["+     read_only: true"]),
        (("volumes", 0), {"type": "tmpfs", "target": "/t"},
         ["-   - ./data:/data", "+   - type: tmpfs", "+     target: /t"]),
        (("script",), "three\nfour\n", ["-   one", "-   two", "+   three", "+   four"]),
        (("script",), "five", ["- script: |  # runs", "-   one", "-   two", "+ script: |-  # runs", "+   five"]),
        (("script",), 5, ["- script: |  # runs", "-   one", "-   two", "+ script: 5  # runs"]),
        (("user",), "1000:1000", ["- user:", "+ user: 1000:1000"]),
        (("user",), "22:22", ["- user:", "+ user: '22:22'"]),
        (("deploy", "resources", "limits"), {"cpus": "0.5"},
         ["+ deploy:", "+   resources:", "+     limits:", "+       cpus: '0.5'"]),
        (("command",), ["sh", "-c", "a\nb\n"], ["+ command:", "+ - sh", "+ - -c", "+ - |", "+   a", "+   b"]),
        (("volumes",), "none", None),
    ],
)  # fmt: skip
def test_what_a_set_value_looks_like(path, value, expected):
    """Only the value's own characters change; what is new looks as its neighbours do."""
    edited = YamlDocument(FILE).set(path, value)
    if expected is not None:
        assert sorted(changes(FILE, edited.text)) == sorted(expected)
    assert YamlDocument(edited.text).get(path) == value


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("name",), ["- name: digits   # its name"]),
        (("tags", 0), ["- tags: [a, 'b'] # words", "+ tags: ['b'] # words"]),
        (("tags", 1), ["- tags: [a, 'b'] # words", "+ tags: [a] # words"]),
        (("params", "epochs", "default"), [EPOCHS, "+   epochs: {min: 1}"]),
        (("params", "lr"), ["-   lr: 0.1 # rate"]),
        (("environment", "A"), ["- - A=1"]),
        (("volumes", 0), ["-   - ./data:/data"]),
        (("volumes", 1, "type"), ["-   - type: bind", "-     source: /x # where", "+   - source: /x # where"]),
        (("volumes", 1), ["-   - type: bind", "-     source: /x # where", "-     target: /y"]),
        (("script",), ["- script: |  # runs", "-   one", "-   two"]),
        (("user",), ["- user:"]),
    ],
)
def test_what_a_removed_entry_leaves(path, expected):
    """Its own lines go; comments and blank lines around them stay."""
    assert sorted(changes(FILE, YamlDocument(FILE).remove(path).text)) == sorted(expected)


def test_the_last_entry_leaves_an_empty_collection():
    """A mapping or list whose only entry goes is still there."""
    document = YamlDocument("a: # why\n  # what\n  b: 1\nc:\n- d\ne: [f]\n")
    assert document.remove(("a", "b")).text == "a: {} # why\n  # what\nc:\n- d\ne: [f]\n"
    assert document.remove(("c", 0)).text == "a: # why\n  # what\n  b: 1\nc: []\ne: [f]\n"
    assert document.remove(("e", 0)).text == "a: # why\n  # what\n  b: 1\nc:\n- d\ne: []\n"


@pytest.mark.parametrize(
    ("index", "expected"),
    [(0, "l:\n  - x\n  - a # c\n  # d\n  - b\n"), (1, "l:\n  - a # c\n  - x\n  # d\n  - b\n"), (2, None)],
)
def test_items_are_inserted(index, expected):
    """At the beginning, between (above the comment of what follows), and at the end."""
    edited = YamlDocument("l:\n  - a # c\n  # d\n  - b\n").insert(("l",), index, "x")
    assert edited.text == (expected or "l:\n  - a # c\n  # d\n  - b\n  - x\n")


def test_items_are_appended():
    """In flow style on lines of their own, in a list that is not there yet, and where nothing stands."""
    document = YamlDocument("f: [\n  a,\n  b, # why\n]\ng:\n")
    assert document.append(("f",), "c").text == "f: [\n  a,\n  b,\n  c, # why\n]\ng:\n"
    assert document.append(("g",), "c").text == "f: [\n  a,\n  b, # why\n]\ng: [c]\n"
    assert document.append(("h",), "c").text.endswith("]\ng:\nh: [c]\n")


def test_items_are_moved():
    """With the comments right above and behind them; what stands apart stays. Lists on one line keep their commas."""
    text = "l:\n  - a # first\n\n  # of b\n  # too\n  - b: 1\n    c: 2\n  # apart\n\n  - |\n    d\n    e\n"
    document = YamlDocument(text)
    down = document.move(("l", 0), 1)
    assert down.text == "l:\n  # of b\n  # too\n  - b: 1\n    c: 2\n\n  - a # first\n  # apart\n\n  - |\n    d\n    e\n"
    assert down.move(("l", 1), -1).text == text
    assert document.move(("l", 2), -1).text == (
        "l:\n  - a # first\n\n  - |\n    d\n    e\n  # apart\n\n  # of b\n  # too\n  - b: 1\n    c: 2\n"
    )
    assert YamlDocument("f: [a, {b: 1},\n  c]\n").move(("f", 1), 1).text == "f: [a, c,\n  {b: 1}]\n"
    assert YamlDocument("s:\n- - a\n  - b\n").move(("s", 0, 0), 1).text == "s:\n- - b\n  - a\n"
    assert YamlDocument("e: [A=1, B, C=3]\n").move(("e", "B"), -1).move(("e", "A"), 1).text == "e: [B, C=3, A=1]\n"
    for text, path, by, said in (
        ("f: [a, # why\n  b]\n", ("f", 0), 1, "comment beside f.0 or the next entry would not go with it"),
        ("f: [\n  a,\n  b # B\n]\n", ("f", 0), 1, "comment beside f.0"),
        ("f: [\n  a,\n  b, # B\n  c]\n", ("f", 1), -1, "comment beside f.0"),
        ("f: [\n  # A\n  a,\n  b]\n", ("f", 0), 1, "comment beside f.0"),
        ("s:\n- - a\n  # B\n  - b\n", ("s", 0, 0), 1, "comment beside s.0.0"),
        ("f: [a, b]\n", ("f", 0), -1, "no place to go to"),
        ("f: [a, b]\n", ("f", 1), 1, "no place to go to"),
        ("f: [a, b]\n", ("f", "c"), 1, "no place to go to"),
        ("f: {a: 1}\n", ("f", "a"), 1, "no place to go to"),
        ("f: [&x a, *x]\n", ("f", 0), 1, "without changing something else"),
    ):
        with pytest.raises(EditError, match=said):
            YamlDocument(text).move(path, by)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("l:\n  # A\n  - a # aa\n  # B\n  - b # bb\n", "l:\n  # B\n  - b # bb\n  # A\n  - a # aa\n"),
        ("l:\n- a: 1\n  # tail\n\n  # end\n- b: 2\nc: 1\n", "l:\n- b: 2\n- a: 1\n  # tail\n\n  # end\nc: 1\n"),
        ("l:\n- a\n- b:\n  - c\n  # tail\n# apart\n", "l:\n- b:\n  - c\n  # tail\n- a\n# apart\n"),
        ("l:\n- |\n  a\n # tail\n- b", "l:\n- b\n- |\n  a\n # tail"),
        ("l:\n- a\n# B\n  # and b\n- b\n", "l:\n# B\n  # and b\n- b\n- a\n"),
        ("l:\n- 'a\n # a'\n- b\n", "l:\n- b\n- 'a\n # a'\n"),
        ("l: [ # all\n  a,\n  b,\n  # C\n  '#c'] # l\n", "l: [ # all\n  b,\n  a,\n  # C\n  '#c'] # l\n"),
        ("l: [a, b, '#c'] # l\n", "l: [b, a, '#c'] # l\n"),
    ],
)
def test_items_are_moved_with_their_comments(text, moved, end):
    """Above, behind and below them, further in than they are; whatever ends the lines. The list's own ones stay."""
    text, moved = text.replace("\n", end), moved.replace("\n", end)
    there = YamlDocument(text).move(("l", 0), 1)
    assert there.text == moved
    assert there.move(("l", 1), -1).text == text


def test_an_item_is_inserted_below_the_comments_of_the_one_before():
    """They stand further in than its dash."""
    edited = YamlDocument("l:\n  - a: 1\n    # tail\n  # B\n  - b\n").insert(("l",), 1, "x")
    assert edited.text == "l:\n  - a: 1\n    # tail\n  - x\n  # B\n  - b\n"


def test_keys_are_renamed():
    """In place, in their own quotes; in a list of NAME=value too."""
    document = YamlDocument("a: {\"b\": 1} # c\nenv: [X=1, Y]\n'd' : 2\n")
    assert document.rename_key(("a", "b"), "no").text == "a: {\"no\": 1} # c\nenv: [X=1, Y]\n'd' : 2\n"
    assert document.rename_key(("env", "X"), "Z").text == "a: {\"b\": 1} # c\nenv: [Z=1, Y]\n'd' : 2\n"
    assert document.rename_key(("d",), "e: f").text == "a: {\"b\": 1} # c\nenv: [X=1, Y]\n'e: f' : 2\n"
    with pytest.raises(EditError, match="There is a d already"):
        document.rename_key(("a",), "d")


@pytest.mark.parametrize(
    "value",
    ["no", "Yes", "y", "1:20", "22:22", "007", "0x1f", "1_000", "5", "1e3", ".5", "null", "~", "", " a", "a ", "a: b",
     "a #b", "- a", "-", "*a", "&a", "!a", "%a", "@a", "`a`", "{a}", "[a]", "a:", "# a", "2024-01-01", "=", "<<", "---",
     "a\tb", "a\nb", "\x1b[31m", "\x85", "\ufeff", "true", "|", ">", "'", '"', "\\"],
)  # fmt: skip
@pytest.mark.parametrize("text", ["a: b\n", "a: 'b'\n", 'a: "b"\n', "a: |\n  b\n", "a:\n", "a: [b]\n", "x: {y: z}\n"])
def test_awkward_texts_stay_texts(text, value):
    """Whatever other readers take for a number, a date, a truth value or syntax is written so that it is text."""
    path = ("a", 0) if "[" in text else ("x", "y") if "x" in text else ("a",)
    edited = YamlDocument(text).set(path, value)
    assert YamlDocument(edited.text).get(path) == value
    assert parse_source(edited.text).problems == ()


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (["b\nc\n"], '\n  - "b\\nc\\n"'),
        ({"k": [1, "b\nc\n"]}, '\n  k:\n    - 1\n    - "b\\nc\\n"'),
        (["b\nc\n", 1], "\n  - |\n    b\n    c\n  - 1"),
    ],
)
def test_lines_at_the_end_of_a_file_that_ends_without_one(value, written):
    """A text whose last line end the file would not give it back stands in quotes; before others it need not."""
    edited = YamlDocument("a: 1").set(("a",), value)
    assert edited.text == f"a:{written}"
    assert edited.get(("a",)) == value


def test_numbers_are_written_as_they_were_typed():
    """A number that remembers its spelling keeps it."""
    typed = parse_source("v: 1.10").data["v"]
    assert YamlDocument("a: 1\n").set(("a",), typed).text == "a: 1.10\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a:\n  b: 1\n"),
        ("# only a comment", "# only a comment\na:\n  b: 1\n"),
        ("---\n# c\n", "---\n# c\na:\n  b: 1\n"),
        ("a:", "a:\n  b: 1"),
        ("a: # c\n", "a: # c\n  b: 1\n"),
        ("a: null\n", "a:\n  b: 1\n"),
        ("a: {}\n", "a: {b: 1}\n"),
        ("{}\n", "{a: {b: 1}}\n"),
        ("x:\r\n    y: 1\r\n", "x:\r\n    y: 1\r\na:\r\n    b: 1\r\n"),
        ("x: 1\n...\n", "x: 1\na:\n  b: 1\n...\n"),
    ],
)
def test_parents_are_made_where_there_are_none(text, expected):
    """In an empty file, behind a key without a value, and with the file's own indentation and line ends."""
    assert YamlDocument(text).set(("a", "b"), 1).text == expected


def test_what_stays_the_same_is_not_written_anew():
    """A mapping of which one value differs: that value alone."""
    text = "a: {b: 1,  c:   2} # odd\n"
    assert YamlDocument(text).set(("a",), {"c": 3, "b": 1}).text == "a: {b: 1,  c:   3} # odd\n"
    assert YamlDocument(text).set(("a", "b"), 1).text == text


SHARED = "base: &base {lr: 1, n: 2}\none: *base\ntwo:\n  <<: *base\n  n: 3\n"


def test_what_two_places_share_is_refused():
    """An anchored value that is used elsewhere, what lies behind an alias, and what << brings in."""
    document = YamlDocument(SHARED)
    for path in (("base", "lr"), ("one", "lr")):
        with pytest.raises(EditError):
            document.set(path, 5)
    with pytest.raises(EditError, match=r"two\.lr is written in another place of the file, which \* or << refers to"):
        document.remove(("two", "lr"))


def test_what_one_place_has_of_its_own_is_not():
    """An alias gives way to a value; a key of one's own overrides what << brings in."""
    document = YamlDocument(SHARED)
    assert document.set(("one",), 5).text == SHARED.replace("one: *base", "one: 5")
    assert document.set(("two", "lr"), 5).text == SHARED + "  lr: 5\n"
    assert document.set(("two", "n"), 5).text == SHARED.replace("n: 3", "n: 5")
    with pytest.raises(EditError, match="cannot be changed without changing something else"):
        document.set(("base", "x"), 1)


def test_anchors_stay():
    """A value keeps the anchor that others use; one that nobody uses may change."""
    document = YamlDocument("a: &x # why\n  b: 1\nc: &y 5\nd: 1\n")
    assert document.set(("a",), 7).text == "a: &x 7 # why\nc: &y 5\nd: 1\n"
    assert document.set(("c",), [{"e": [1]}]).text == "a: &x # why\n  b: 1\nc: &y\n  - e:\n      - 1\nd: 1\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "profile.yaml:1:5: not YAML"),
        ("- a", "profile.yaml:1:1: expected a mapping of keys"),
        ("a: 1\n\tb: 2", "profile.yaml:2:1: a tab, where YAML wants spaces"),
        ("a: 1\n---\nb: 2\n", "profile.yaml:2:1: a second document starts here"),
    ],
)
def test_a_text_that_is_none_is_refused(text, said):
    """With the place of what is wrong."""
    with pytest.raises(EditError) as error:
        YamlDocument(text)
    assert error.value.message.startswith(said)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda d: d.set(("a", "b"), 1), "b has no place: there is a single value where it would stand"),
        (lambda d: d.set(("l", 7), 1), "There is no item 7 to change"),
        (lambda d: d.remove(("z",)), "There is no z to remove"),
        (lambda d: d.rename_key(("l", 0), "x"), "l.0 is an item of a list, which has no key"),
        (lambda d: d.insert(("a",), 0, "x"), "a is no list"),
        (lambda d: d.insert(("l",), 3, "x"), "l has 1 items: there is no place 3 in it"),
        (lambda d: d.set(("twice",), 3), "twice is written twice"),
        (lambda d: d.set(("a",), "\ud800"), "A text with half a character in it cannot be written"),
        (lambda d: d.set(("a",), "x\0"), "A text with a NUL character in it cannot be written"),
        (lambda d: d.set(("l", "X"), [1]), "X stands in a list of NAME=value"),
    ],
)
def test_what_cannot_be_done_is_said(edit, said):
    """One sentence, and the document is as it was."""
    document = YamlDocument("a: 1\nl: [x]\ntwice: 1\ntwice: 2\n")
    with pytest.raises(EditError) as error:
        edit(document)
    assert error.value.message.startswith(said)
