"""Compose files and pasted lines as the text of a profile: which service, which paths, what the text says."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.errors import ProfileError, UsageError
from mltui.domain.import_remarks import Change
from mltui.storage.profile_import import draft_from_text, is_command, write_draft
from mltui.storage.profiles import load_profile

COMPOSE = """\
services:
  train:
    image: busybox
    restart: no
    build: ./docker
    volumes: ["./data:/data", "${D:-./d}:/d"]
    env_file: .env
    gpus: all
  db:
    image: postgres
"""


def draft(tmp_path, text, service="", target="profiles/x"):
    """The profile of a text that stands in the test's folder."""
    return draft_from_text(text, file=tmp_path / "compose.yaml", target=tmp_path / target, service=service)


def test_the_text_is_the_profile_and_says_what_is_not_in_it(tmp_path):
    """In groups, with a comment at the top; it loads, and says the same data."""
    made = draft(tmp_path, COMPOSE)
    assert (
        made.text
        == """\
# From the service train of compose.yaml.
# Left out:
#   restart: a run is one execution; run it again with `mltui rerun`
#   services: other services, each a profile of its own: db

image: busybox
build: ../../docker

gpus: all

volumes:
  - ../../data:/data
  - ${D:-../../d}:/d

env_file: ../../.env
"""
    )
    path = write_draft(made, tmp_path / "profiles" / made.name)
    assert path == tmp_path / "profiles" / "train" / "profile.yaml"
    profile = load_profile(path, {})
    assert profile.source == made.data
    assert profile.name == "train"


def test_nothing_is_overwritten(tmp_path):
    """Neither the file of a folder nor a file that was named."""
    made = draft(tmp_path, COMPOSE)
    for target in (tmp_path / "p", tmp_path / "p.yaml"):
        written = write_draft(made, target)
        written.write_text("mine")
        with pytest.raises(UsageError, match="is there already"):
            write_draft(made, target)
        assert written.read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "service", "name"),
    [
        (COMPOSE, "db", "db"),
        (COMPOSE, "train", "train"),
        ("services: {only: {image: x}}", "", "only"),
        ("services: {a: {image: x}, b: {image: x, runtime: nvidia}}", "", "b"),
        (
            "services: {a: {image: x}, b: {image: x, deploy: {resources: {reservations: "
            "{devices: [{capabilities: [gpu]}]}}}}}",
            "",
            "b",
        ),
        ("  train:\n    image: x\n    tty: yes\n", "", "train"),
    ],
)
def test_which_service_is_meant(tmp_path, text, service, name):
    """The one that is named, the only one, or the only one with a GPU; one that is pasted without its file too."""
    assert draft(tmp_path, text, service).name == name


def test_the_keys_of_a_service_alone(tmp_path):
    """As they are copied out of the middle of a file; the folder gives the name."""
    made = draft(tmp_path, "    image: x\n    command: y\n")
    assert made.data == {"image": "x", "command": "y"}
    assert made.name == tmp_path.name


def test_a_service_is_put_over_what_it_extends(tmp_path):
    """Of the same file and of another one, with that one's paths."""
    (tmp_path / "sub").mkdir()
    base = "services: {b: {image: x, volumes: ['./m:/m'], environment: [A=1, B=1]}}"
    (tmp_path / "sub" / "base.yaml").write_text(base)
    text = """\
services:
  mid: {extends: {file: sub/base.yaml, service: b}, environment: {B: 2}}
  top: {extends: {service: mid}, environment: {C: 3}}
"""
    made = draft(tmp_path, text, "top")
    assert made.data["environment"] == {"A": "1", "B": 2, "C": 3}
    assert made.data["volumes"] == ["../../sub/m:/m"]


@pytest.mark.parametrize(
    ("text", "service", "error", "message"),
    [
        (COMPOSE.replace("gpus: all", ""), "", UsageError, "several services"),
        (COMPOSE, "web", UsageError, "no service 'web'"),
        ("services: {}", "", UsageError, "has no services"),
        ("volumes: {a: {}}", "", UsageError, "has no services"),
        ("a: [", "", ProfileError, "not YAML"),
        ("", "", ProfileError, "is empty"),
        ("services: {a: {image: x, image: y}}", "", ProfileError, "is written twice"),
        ("services: {a: {extends: {service: b}}}", "", ProfileError, "no such service"),
        ("services: {a: {extends: a}}", "", ProfileError, "extends itself"),
        ("docker run 'x", "", UsageError, "a ' is not closed"),
        ("docker run", "", UsageError, "names no image"),
    ],
)
def test_what_cannot_be_imported_is_said(tmp_path, text, service, error, message):
    """In a sentence, with the place where there is one."""
    with pytest.raises(error, match=message):
        draft(tmp_path, text, service)


def test_a_line_is_a_profile_too(tmp_path):
    """Its paths count from where it was typed."""
    made = draft(tmp_path, "$ docker run --rm --gpus all -v $PWD/data:/data --name t img \\\n  python train.py")
    assert made.name == "t"
    assert made.data["volumes"] == ["../../data:/data"]
    assert "# From a docker run line.\n# Left out:\n#   --rm: " in made.text
    assert draft(tmp_path, "docker run -v $PWD:/w img", target=".").data["volumes"] == [".:/w"]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("docker run x", True),
        ("# a\n\nsudo docker run x", True),
        ("$ podman container run x", True),
        ("NV_GPU=0 nvidia-docker run x", True),
        ("services:\n  a:\n    command: docker run x\n", False),
        ("image: x\ncommand: [docker, run]\n", False),
        ("{image: docker run x}", False),
    ],
)
def test_a_line_is_known_from_yaml(text, command):
    """By what stands first."""
    assert is_command(text) is command


def test_every_remark_names_something_of_the_service(tmp_path):
    """Its path begins with a key of the service, or with what the service does not say."""
    made = draft(tmp_path, COMPOSE)
    assert {str(remark.path[0]) for remark in made.remarks if remark.change is not Change.DIFFERS} == {
        "restart", "services"
    }  # fmt: skip


_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 9) | st.text(alphabet="ab:/.${}-=,", max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet="ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["image", "build", "deploy", "devices", "gpus", "networks", "ports", "volumes", "tmpfs", "secrets", "configs",
     "environment", "cpus", "cpu_quota", "cpu_shares", "network_mode", "extends", "ulimits", "logging", "command"]
)  # fmt: skip


@given(st.dictionaries(_KEYS, _VALUE, max_size=5))
def test_any_service_is_imported_or_refused(service):
    """Whatever stands under its keys, the result passes the check of profiles."""
    text = json.dumps({"services": {"a": {**service, "image": "x"}}})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            made = draft_from_text(text, file=folder / "compose.yaml", target=folder / "p", service="a")
        except (ProfileError, UsageError):
            return
        assert load_profile(write_draft(made, folder / "p"), {}).source == made.data
