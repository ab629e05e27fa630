"""The schema as plain values: what forms, the JSON Schema and the reference page are made from."""

import subprocess
import sys

import pytest

from mltui.domain.profile import Profile
from mltui.domain.schema import ANY, Kind, SchemaField, groups, profile_schema

FIELDS = list(profile_schema().walk())
NAMED = [field for field in FIELDS if field.key not in ("", ANY)]


def name(field: SchemaField) -> str:
    """A test's name for a field."""
    return ".".join(field.path)


def test_every_key_of_a_profile_is_in_it():
    """In the order of the declaration, each in a group, and each group in one piece."""
    assert [field.key for field in profile_schema().fields] == list(Profile.model_fields)
    assert [title for title, _ in groups()] == [
        "What", "Parameters", "Resources", "Data and outputs", "Environment", "Network", "Security", "Advanced"
    ]  # fmt: skip
    assert [field.key for _, fields in groups() for field in fields] == list(Profile.model_fields)


@pytest.mark.parametrize("field", NAMED, ids=name)
def test_every_key_says_what_it_is(field):
    """A title without a full stop, and one sentence of help that fits a line."""
    assert field.title
    assert not field.title.endswith(".")
    assert field.help.endswith(".")
    assert len(field.help) <= 100


@pytest.mark.parametrize("field", FIELDS, ids=name)
def test_what_is_made_of_parts_says_which(field):
    """Lists and maps have an item, sections have fields, choices have words; paths lead to themselves."""
    for shape in (field, *field.forms):
        assert (shape.kind in (Kind.LIST, Kind.MAP, Kind.COMMAND, Kind.GPUS)) == (shape.item is not None)
        assert bool(shape.fields) == (shape.kind is Kind.SECTION)
        assert shape.kind is not Kind.CHOICE or shape.choices
    written = [0 if part == ANY and above is not Kind.MAP else part for part, above in _with_kinds(field)]
    assert profile_schema().at(*written) == field


def _with_kinds(field):
    """Each part of a path with the kind of what it is a part of."""
    above = profile_schema()
    for part in field.path:
        yield part, above.kind
        above = next(f for f in (*above.fields, *((above.item,) if above.item else ())) if f.key == part)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("image",), Kind.IMAGE),
        (("command",), Kind.COMMAND),
        (("command", 0), Kind.TEXT),
        (("params", "lr"), Kind.SECTION),
        (("params", "lr", "default"), Kind.VALUE),
        (("gpus",), Kind.GPUS),
        (("gpus", 0, "device_ids", 0), Kind.TEXT),
        (("shm_size",), Kind.SIZE),
        (("cpus",), Kind.CPUS),
        (("deploy", "resources", "limits", "cpus"), Kind.CPUS),
        (("volumes", 3), Kind.SECTION),
        (("volumes", 3, "source"), Kind.PATH),
        (("environment", "A"), Kind.TEXT),
        (("secrets", 0), Kind.VARIABLE),
        (("stop_grace_period",), Kind.DURATION),
        (("init",), Kind.BOOL),
        (("pull_policy",), Kind.CHOICE),
        (("ulimits", "nofile", "soft"), Kind.INT),
        (("serve", "x"), Kind.ANYTHING),
    ],
)
def test_kinds_are_found_by_the_path_of_a_value(path, kind):
    """Indexes and names as a file has them."""
    field = profile_schema().at(*path)
    assert field is not None
    assert field.kind is kind


def test_short_forms_defaults_and_bounds():
    """As the models declare them."""
    at = profile_schema().at
    assert [form.kind for form in at("ports", 0).forms] == [Kind.TEXT]
    assert [form.kind for form in at("params", "x").forms] == [Kind.VALUE]
    assert [form.kind for form in at("environment").forms] == [Kind.LIST]
    assert [form.kind for form in at("env_file").forms] == [Kind.SECTION, Kind.PATH]
    assert [form.kind for form in at("extra_hosts").forms] == [Kind.MAP]
    assert at("environment").names is Kind.VARIABLE
    assert (at("cap_drop").default, at("stop_grace_period").default, at("init").default) == (("ALL",), "30s", True)
    assert (at("pids_limit").minimum, at("deploy", "resources", "reservations", "devices").most) == (-1, 1)
    assert at("volumes", 0, "type").choices == ("bind", "volume", "tmpfs")
    assert at("gpus", 0, "count").choices == ("all",)
    assert at("environment", "X").nullable
    assert at("nothing") is at("image", "below") is at("tags", "name") is None


def test_the_values_need_no_pydantic():
    """A screen that holds them starts without it."""
    code = "import sys, mltui.domain.schema; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
