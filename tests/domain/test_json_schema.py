"""The JSON Schema takes what mltui takes, and refuses what can be seen to be wrong without a machine."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import mltui
from mltui.domain.json_schema import json_schema
from mltui.domain.profile import Profile
from mltui.domain.profile_check import check
from mltui.domain.reference_page import reference_page
from mltui.domain.schema import profile_schema
from mltui.storage.profiles import examples_folder

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

#: Every short and long form of Compose and of mltui's own keys.
RIGHT = {
    "name": ["mnist-mlp", "2.x"],
    "description": ["text", 5],
    "tags": ["one", ["a", "b"], []],
    "extends": ["mnist-mlp", "../base.yaml", {"file": "compose.yaml", "service": "train"}, {"file": "b.yaml"}],
    "image": ["busybox", "registry.example:5000/a/b@sha256:00", "${IMAGE:-busybox}"],
    "build": [
        ".",
        "${CONTEXT:-.}",
        {"context": "./dir", "dockerfile": "Dockerfile.gpu", "args": {"A": 1, "B": None}, "target": "train"},
        {"context": ".", "args": ["A=1", "B"], "network": "host", "x-note": [1]},
    ],
    "pull_policy": ["missing", "if_not_present", "always", "never", "build", "${PULL:-always}"],
    "command": ["python train.py --lr=${lr}", ["python", "train.py", 5, 1.5, True], [], ""],
    "entrypoint": ["", [], ["sh", "-c"]],
    "working_dir": ["/app"],
    "engine": ["docker", "local", ""],
    "requirements": ["requirements.txt"],
    "params": [
        {"a": 5, "b": 0.1, "c": True, "d": "adam"},
        {"n": {"type": "int", "default": 5, "min": 1, "max": 10, "help": "how many"}},
        {"o": {"choices": ["a", "b"]}, "p": {"type": "float"}, "q": {"default": 16, "choices": [16, 32]}},
        {},
    ],
    "metrics": [{"patterns": "(?P<loss>.*)", "keep": ["val_*"], "drop": "lr", "x": "step"}],
    "gpus": [
        "auto", "all", "none", "2", 2, 0, -1, "0,1", "device=0,1", "GPU-1a2b-3c,1", "MIG-7a/1/0", "${GPUS:-1}",
        [0, 1], ["GPU-1a2b", "1"], [], [{"driver": "nvidia", "count": 1}], [{"count": "all"}], [{"count": "2"}],
        [{"device_ids": ["0", "3"]}], [{"device_ids": "0"}], [{"capabilities": ["gpu", "utility"]}],
    ],
    "cpus": [2, 1.5, "1.5", "500m", ".5", "${CPUS:-2}"],
    "mem_limit": [8388608, "512m", "2Gi", "2gb", "1.5g", "${MEM:-2g}", 0],
    "mem_reservation": ["1g", None],
    "shm_size": ["8g", "8G", 1024],
    "pids_limit": [100, -1, "100", "${PIDS:-9}"],
    "ulimits": [{"nofile": 1024, "memlock": -1, "stack": {"soft": 1, "hard": "2"}}],
    "deploy": [
        {"resources": {"limits": {"cpus": "1.5", "memory": "2g", "pids": 99}}},
        {"resources": {"reservations": {"cpus": 0.5, "memory": "1Gi", "devices": [{"capabilities": ["gpu"]}]}}},
        {},
        {"resources": None},
    ],
    "volumes": [
        ["./data:/data", "/a/b:/data:ro", "~/x:/x:rw", "cache:/root/.cache", "/anonymous", "${DATA:-/d}:/x"],
        [{"type": "bind", "source": "./a", "target": "/a", "read_only": True}],
        [{"type": "volume", "source": "v", "target": "/v"}, {"type": "tmpfs", "target": "/t", "tmpfs": {"size": 64}}],
        [{"type": "tmpfs", "target": "/t", "read_only": "${RO:-false}"}],
    ],
    "outputs": ["/outputs", {"model": "/m", "logs": "/l"}],
    "tmpfs": ["/run", ["/run:size=64m,mode=1777"], {"target": "/t", "size": "1g"}, [{"target": "/t"}]],
    "read_only": [True, False, "true", "${RO:-False}"],
    "environment": [{"A": 1, "B": True, "C": None, "D": "x=y", "E": 0.5}, ["A=1", "C", "D=x=y"], {}],
    "env_file": [".env", [".env", {"path": "b", "required": False, "format": "raw"}], {"path": "a"}],
    "secrets": ["TOKEN", ["A", "B"]],
    "ports": [
        [8080, "8080", "80:8080", "127.0.0.1:80:8080", "127.0.0.1::8080", "[::1]:80:8080/udp", "3000-3001"],
        [{"target": 80, "published": "8080", "protocol": "tcp", "mode": "host"}, {"target": "80"}],
        ["${PORT:-80}:80"],
    ],
    "network_mode": ["host", "bridge", "none"],
    "hostname": ["box"],
    "extra_hosts": [["a:10.0.0.1", "b=10.0.0.2"], {"db": "10.0.0.1", "two": ["10.0.0.2", "::1"]}],
    "user": ["1000:1000", 1000, "", "root"],
    "group_add": [["video", 44]],
    "cap_add": [["SYS_PTRACE"]],
    "cap_drop": [["ALL"], []],
    "security_opt": [["no-new-privileges:false", "seccomp=unconfined"]],
    "privileged": [True],
    "devices": [["/dev/fuse", "/dev/a:/dev/b:r"], [{"source": "/dev/a", "target": "/dev/b", "permissions": "rw"}]],
    "ipc": ["host", "private", "shareable"],
    "pid": ["host"],
    "runtime": ["nvidia"],
    "init": [True, "false", "${INIT:-true}"],
    "tty": [True],
    "stop_grace_period": ["30s", "1m30s", "500ms", 10, "10", 1.5],
    "stop_signal": ["SIGINT"],
    "labels": [{"a": "b", "c": None}, ["a=b", "c"]],
    "logging": [{"driver": "json-file", "options": {"max-size": "10m", "max-file": 3}}, {"driver": "none"}],
    "serve": [{"anything": [1, {"a": None}]}],
}  # fmt: skip

#: What both refuse: JSON Schema by itself.
WRONG = [
    {"imagee": "x", "image": "x"},
    {"command": "true"},
    {"image": ["x"]},
    {"image": "x", "name": "a b"},
    {"image": "x", "restart": "always"},
    {"image": "x", "command": {"a": 1}},
    {"image": "x", "command": 5},
    {"image": "x", "command": [["a"]]},
    {"image": "x", "extends": ["a", "b"]},
    {"image": "x", "extends": {"service": "train"}},
    {"image": "x", "build": {"contxt": "."}},
    {"image": "x", "build": ["."]},
    {"image": "x", "pull_policy": "sometimes"},
    {"image": "x", "params": {"n": None}},
    {"image": "x", "params": {"n": [1, 2]}},
    {"image": "x", "params": {"n": {"default": 1, "mim": 2}}},
    {"image": "x", "params": {"n": {"type": "integer"}}},
    {"image": "x", "params": {"n": {"min": True}}},
    {"image": "x", "metrics": {"pattern": "a"}},
    {"image": "x", "gpus": "some"},
    {"image": "x", "gpus": True},
    {"image": "x", "gpus": -2},
    {"image": "x", "gpus": [0, "x"]},
    {"image": "x", "gpus": {"count": 1}},
    {"image": "x", "gpus": [{"counts": 1}]},
    {"image": "x", "gpus": [{"count": 1, "driver": "amd"}]},
    {"image": "x", "gpus": [{"count": 1}, {"count": 1}]},
    {"image": "x", "cpus": 0},
    {"image": "x", "cpus": "two"},
    {"image": "x", "mem_limit": "lots"},
    {"image": "x", "mem_limit": True},
    {"image": "x", "shm_size": -1},
    {"image": "x", "pids_limit": -2},
    {"image": "x", "pids_limit": True},
    {"image": "x", "pids_limit": "many"},
    {"image": "x", "ulimits": {"nofile": "x"}},
    {"image": "x", "ulimits": {"nofile": {"soft": 1}}},
    {"image": "x", "ulimits": [1]},
    {"image": "x", "deploy": {"replicas": 2}},
    {"image": "x", "deploy": {"resources": {"limits": {"mem": "1g"}}}},
    {"image": "x", "volumes": "a:/a"},
    {"image": "x", "volumes": [{"type": "volume"}]},
    {"image": "x", "volumes": [{"type": "bid", "source": "a", "target": "/a"}]},
    {"image": "x", "tmpfs": {"size": "1g"}},
    {"image": "x", "read_only": "maybe"},
    {"image": "x", "init": 3},
    {"image": "x", "environment": "A=1"},
    {"image": "x", "environment": {"A": [1]}},
    {"image": "x", "environment": ["A=1", {"B": 1}]},
    {"image": "x", "env_file": [{"required": False}]},
    {"image": "x", "ports": "80"},
    {"image": "x", "ports": [{"target": 80, "protocol": "tpc"}]},
    {"image": "x", "ports": [{"published": 80}]},
    {"image": "x", "extra_hosts": "a:b"},
    {"image": "x", "extra_hosts": [None]},
    {"image": "x", "extra_hosts": {"a": None}},
    {"image": "x", "cap_add": "SYS_PTRACE"},
    {"image": "x", "devices": [{"source": "/dev/a", "permissions": "x"}]},
    {"image": "x", "stop_grace_period": "5 days"},
    {"image": "x", "labels": "a=b"},
    {"image": "x", "logging": "json-file"},
    {"image": "x", "serve": []},
]


def faults(data) -> list[str]:
    """What the schema says of a profile."""
    return [error.message for error in VALIDATOR.iter_errors(data)]


def with_image(key: str, value: object) -> dict[str, object]:
    """A whole profile with this key."""
    return {"image": "busybox", key: value}


def test_it_is_a_json_schema():
    """Of the draft that it says it is, and as JSON it is the same."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_key_is_explained():
    """With the title, the help and the default that a form shows."""
    properties = SCHEMA["properties"]
    assert set(RIGHT) == set(properties) == set(Profile.model_fields)
    for field in profile_schema().fields:
        assert (properties[field.key]["title"], properties[field.key]["description"]) == (field.title, field.help)
    assert properties["stop_grace_period"]["default"] == "30s"
    assert properties["pull_policy"]["anyOf"][0] == {
        "enum": ["missing", "if_not_present", "always", "never", "build"]
    }  # fmt: skip


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in RIGHT.items() for value in values])
def test_every_form_is_taken(key, value):
    """By the schema, and by mltui where no variable has to be filled in first."""
    data = with_image(key, value)
    assert faults(data) == []
    if "$" not in json.dumps(value):
        assert check(data)[1] == []


@pytest.mark.parametrize("key", [key for key in RIGHT if not key.startswith("serve")])
def test_a_key_with_nothing_behind_it_is_taken(key):
    """As while one is still writing."""
    assert faults(with_image(key, None) | {"build": "."}) == []


@pytest.mark.parametrize("data", WRONG, ids=lambda data: json.dumps(data)[:60])
def test_what_is_wrong_is_refused_by_both(data):
    """An editor marks it; mltui says it."""
    assert faults(data)
    assert check(data)[0] is None


TEMPLATES = Path(mltui.__file__).parent / "templates"
OURS = sorted([*examples_folder().glob("*/profile.yaml"), *TEMPLATES.glob("*/profile.yaml")])


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.parent.name)
def test_examples_and_templates_are_taken(path):
    """As an editor reads them."""
    assert faults(yaml.safe_load(path.read_text())) == []


_NAMES = [*{field.key for field in profile_schema().walk() if field.key}, "x-a", "A"]
_SCALAR = st.sampled_from(["", "a", "a=b", "/a", "./a:/a", "80:80", "1g", "1s", "gpu", "0", "nvidia", "bind", "$$x"])
_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from([0.5, 1.0, -0.5]) | _SCALAR,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(sorted(_NAMES)), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip


@given(st.sampled_from(sorted(RIGHT)), _VALUE)
def test_what_mltui_takes_the_schema_takes(key, value):
    """Whatever stands under a key."""
    data = with_image(key, value)
    if check(data)[1] == []:
        assert faults(data) == []


def test_the_reference_page_is_the_schemas():
    """``mltui profile schema --format markdown > docs/profile-reference.md`` writes it."""
    page = reference_page()
    assert (DOCS / "profile-reference.md").read_text() == page
    assert all(f"| `{key}` |" in page for key in Profile.model_fields)
