"""The form's parts: rows of what a profile says, values as they are meant, colours of YAML."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mltui.domain.errors import EditError
from mltui.domain.schema import profile_schema
from mltui.domain.text import splice_between
from mltui.runtime.profile_draft import Checking, Draft, Drafting
from mltui.ui.presentation.form_values import default_of_param, next_value, typed_value
from mltui.ui.presentation.fuzzy import rank
from mltui.ui.presentation.profile_form import FormMaker
from mltui.ui.presentation.yaml_colours import block_lines, colours


def test_rows_are_what_is_said_and_what_is_usual() -> None:
    """By group; unknown keys last; collections fold; a problem shows at the row that hides it."""
    data = {"image": "x", "params": {"lr": {"default": 0.1}}, "imge": 1, "labels": ["A=1"]}
    form = FormMaker().make(data, {"params.lr.min": "wrong"}, frozenset())
    rows = {row.key: row for row in form.rows}
    assert rows["image"].said
    assert not rows["gpus"].said
    assert rows["params.lr"].folded
    assert rows["params.lr"].problem == "wrong"
    assert "params.lr.default" not in rows
    assert rows["labels.0"].name == "-"
    assert form.rows[-1].key == "imge"
    opened = FormMaker().make(data, {}, frozenset({("params", "lr")}))
    assert any(row.key == "params.lr.default" for row in opened.rows)
    assert "stop_grace_period" not in rows


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (("cpus",), "1.5", 1.5),
        (("image",), "5", "5"),
        (("name",), "5", "5"),
        (("environment", "A"), "5", 5),
        (("environment", "A"), "no", "no"),
        (("init",), "false", False),
        (("params", "lr", "default"), "1e-3", 0.001),
        (("gpus",), "2", 2),
        (("gpus",), "auto", "auto"),
    ],
)
def test_typed_values(key: tuple[str, ...], text: str, value: object) -> None:
    """A number where the field has numbers, text where it has text."""
    typed = typed_value(text, profile_schema().at(*key), None)
    assert typed == value
    assert isinstance(typed, type(value))


@pytest.mark.parametrize(
    ("key", "text", "by", "expected"),
    [
        (("cpus",), "2", 1, "3"),
        (("cpus",), "", 1, "0.5"),
        (("cpus",), "0.5", 1, "1"),
        (("cpus",), "1", -1, "0.5"),
        (("cpus",), "2.5", -1, "2"),
        (("mem_limit",), "1g", 1, "2g"),
        (("mem_limit",), "1g", -1, "512m"),
        (("init",), "true", 1, "false"),
        (("gpus",), "auto", 1, "all"),
        (("gpus",), "2", 1, "3"),
        (("gpus",), "all", 1, "1"),
        (("gpus",), "1", -1, "all"),
        (("gpus",), "none", -1, "none"),
        (("gpus",), "0,1", 1, "0,1"),
        (("shm_size",), "", 1, "4g"),
        (("pids_limit",), "-1", -1, "-1"),
        (("params", "lr", "default"), "0.1", -1, "0.05"),
        (("image",), "python", 1, "python"),
        (("pull_policy",), "", 1, "missing"),
        (("params", "lr"), "0.1", 1, "0.2"),
        (("params", "lr"), "0.5", 1, "1.0"),
        (("params", "lr"), "1.0", 1, "2.0"),
        (("params", "lr"), "1.0", -1, "0.5"),
        (("params", "lr", "default"), "0.5", 1, "1.0"),
        (("params", "epochs"), "10", -1, "9"),
        (("params", "nesterov"), "true", 1, "false"),
        (("params", "optimizer"), "adam", 1, "adam"),
        (("params", "lr"), "inf", 1, "inf"),
        (("params", "lr"), "9007199254740993", 1, "9007199254740994"),
        (("ulimits", "nofile"), "5", 1, "6"),
    ],
)
def test_steps(key: tuple[str, ...], text: str, by: int, expected: str) -> None:
    """Within the bounds; what has no next value stays."""
    assert next_value(text, by, profile_schema().at(*key)) == expected


@pytest.mark.parametrize(
    ("param", "text", "by", "expected"),
    [
        ({"min": 1, "max": 3}, "3", 1, "3"),
        ({"min": 0.05}, "0.05", -1, "0.05"),
        ({"max": 1}, "0.5", 1, "1.0"),
        ({"type": "float"}, "1", 1, "2.0"),
        ({"choices": [8, 16]}, "8", 1, "16"),
        ({"type": "str"}, "8", 1, "8"),
    ],
)
def test_a_step_keeps_to_the_parameters_own_bounds(param: dict[str, object], text: str, by: int, expected: str) -> None:
    """As the file says them: smallest, largest, the only ones, the type."""
    known = profile_schema().at("params", "lr", "default")
    assert known is not None
    assert next_value(text, by, default_of_param(known, param)) == expected


@pytest.mark.parametrize("key", [("params", "v"), ("params", "v", "default"), ("cpus",), ("labels", "a")])
def test_what_its_quotes_make_a_text_stays_one(key: tuple[str, ...]) -> None:
    """``"12"`` typed anew as 13 is no number; what needs no quotes to be text is typed as it reads."""
    assert isinstance(typed_value("13", profile_schema().at(*key), "12"), str)
    assert typed_value("2", profile_schema().at("gpus"), "auto") == 2
    assert typed_value("true", profile_schema().at("params", "v"), None) is True


def roles(line: str, in_block: bool = False) -> list[tuple[str, str]]:
    """The coloured parts of a line as texts."""
    return [(line[start:end], role) for start, end, role in colours(line, in_block)]


def test_colours_of_yaml() -> None:
    """Keys, numbers, quoted texts, comments, and what is filled in."""
    assert ("help", "primary") in roles('a: {help: "x: y"}')
    assert ('"x: y"', "ok") in roles('a: {help: "x: y"}')
    assert ("1e-6", "accent") in roles("min: 1e-6 # why")
    assert ("# why", "dim") in roles("min: 1e-6 # why")
    assert ("${epochs}", "alt") in roles("- --epochs=${epochs}")
    assert ("a#b", "text") in roles("x: a#b")
    assert roles("a: b", True)[0] == ("a: b", "ok")
    assert block_lines(["a: |", "  x: 1", "", "  y", "b: 2"]) == {1, 2, 3}


@pytest.mark.parametrize("line", ["'" * 5000, "a: " * 3000, "${" * 3000, "- " * 3000, "[{" * 3000, '"\\' * 3000])
def test_no_line_confuses_the_colours(line: str) -> None:
    """Odd lines end, and nothing is coloured beyond the line."""
    line = line[:2000]
    assert all(0 <= start <= end <= len(line) for start, end, _ in colours(line))


def test_the_smallest_replacement() -> None:
    """Beginning and end that agree are not touched."""
    assert splice_between("abcd", "abXd") == (2, 3, "X")
    assert splice_between("aa", "aaa") == (2, 2, "a")
    assert splice_between("", "x") == (0, 0, "x")


def test_changes_that_are_typed_start_from_where_typing_began() -> None:
    """However many letters were typed: the last one counts, and another change follows from it."""
    states: list[Draft] = []
    refused: list[EditError] = []
    drafting = Drafting(Path("/x/profile.yaml"), lambda draft, before: states.append(draft), refused.append)
    drafting.take("image: a # c\n")
    for text in ("b", "bc", ""):
        drafting.change(lambda d, text=text: d.set(("image",), text) if text else d.remove(("image",)), "typing")
    drafting.change(lambda d: d.set(("image",), "z"), "typing")
    drafting.change(lambda d: d.set(("hostname",), "h"))
    drafting.change(lambda d: d.remove(("nothing",)))
    until = time.monotonic() + 20
    while not refused and time.monotonic() < until:
        time.sleep(0.01)
    drafting.close()
    assert states[-1].text == "image: z # c\nhostname: h\n"
    assert refused


def test_a_draft_says_everything_wrong_and_where() -> None:
    """Also of a text that is no YAML."""
    draft = Checking(Path("/x/profile.yaml")).check("image: x\ncpuss: 1\nshm_size: lots\n")
    assert [problem.line for problem in draft.problems] == [2, 3]
    assert draft.profile is None
    broken = Checking(Path("/x/profile.yaml")).check("a: [")
    assert broken.document is None
    assert broken.problems


def test_what_cannot_be_typed_on_one_line_is_changed_in_the_text() -> None:
    """Several lines, and characters that steer the terminal: the row says so, and what is written is all of it."""
    data = {"description": "a\nb", "hostname": "a\u202eb", "image": "x" * 300}
    rows = {row.key: row for row in FormMaker().make(data, {}, frozenset()).rows}
    assert [rows[key].several_lines for key in data] == [True, True, False]
    assert rows["image"].written == "x" * 300


def test_a_field_whose_name_is_typed_is_the_first_that_is_found() -> None:
    """Whatever the helps of others say; its entries come behind it, then names that begin so."""
    fields = [(one.key, f"{one.title}. {one.help}") for one in profile_schema().fields]
    fields += [(f"{key}.{name}", key) for key in ("tags", "params", "environment", "command") for name in ("0", "lr")]

    def found(query: str) -> list[str]:
        ranked = [(place, key) for key, about in fields if (place := rank(query, key, about))]
        return [key for _, key in sorted(ranked, key=lambda pair: pair[0])]

    assert [key for key, _ in fields if found(key)[0] != key] == []
    assert found("mem")[:2] == ["mem_limit", "mem_reservation"]
    assert found("grace")[0] == "stop_grace_period"
    assert found("lr")[0].endswith(".lr")
    assert found("Shared memory")[0] == "shm_size"
    assert found("sgp")[0] == "stop_grace_period"
    assert found("xyzzy") == []
