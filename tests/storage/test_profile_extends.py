"""``extends``: profiles put over others as Compose merges, with every value knowing the file and line it stands in."""

import shutil

import pytest

from mltui.domain.errors import ProfileError
from mltui.domain.launch import Port
from mltui.storage.profiles import ProfileRepository, check_text, load_profile

BASE = """\
name: base
description: what all have in common
tags: [shared]
params:
  epochs: {default: 5, min: 1, max: 100, help: how often}
  lr: 0.001
build: {context: ., args: {A: 1, B: 2}}
command: [python, train.py, "--epochs=${epochs}"]
environment: {A: 1, B: 2, C: 3}
volumes:
  - ./data:/data
  - cache:/cache
ports: ["6006:6006"]
ulimits: {memlock: -1, nofile: {soft: 1, hard: 2}}
deploy: {resources: {limits: {cpus: 4, memory: 8g}}}
cap_add: [SYS_PTRACE]
"""


@pytest.fixture
def base(tmp_path):
    """A profile to put others over, in a folder of its own."""
    folder = tmp_path / "base"
    folder.mkdir()
    (folder / "profile.yaml").write_text(BASE)
    return folder


def over(tmp_path, text, name="mine"):
    """The profile that this text is, in a folder beside the base."""
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    (folder / "profile.yaml").write_text(text)
    return load_profile(folder, {})


def problems(tmp_path, text, name="mine"):
    """What is wrong with it, each with its file as seen from the test's folder."""
    with pytest.raises(ProfileError) as caught:
        over(tmp_path, text, name)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def test_everything_is_inherited_but_the_name(base, tmp_path):
    """The name is the profile's own, all else the base's."""
    mine, theirs = over(tmp_path, "extends: base\n"), load_profile(base, {})
    assert mine.name == "mine"
    assert mine.bases == (base / "profile.yaml",)
    for key in ("description", "tags", "params", "command", "environment", "ports", "ulimits", "deploy", "cap_add"):
        assert getattr(mine, key) == getattr(theirs, key)


def test_mappings_are_merged_and_scalars_replaced(base, tmp_path):
    """At every depth, in short and long forms."""
    mine = over(
        tmp_path,
        """\
extends: ../base/profile.yaml
description: another
params: {epochs: 20, seed: 1}
build: {args: [B=3, C=4]}
environment: [B=two, D=4]
ulimits: {nofile: 5}
deploy: {resources: {limits: {memory: 16g}, reservations: {cpus: 2}}}
""",
    )
    assert mine.description == "another"
    assert (mine.params["epochs"].value, mine.params["epochs"].max, mine.params["epochs"].help) == (
        20,
        100,
        "how often",
    )
    assert list(mine.params) == ["epochs", "lr", "seed"]
    assert mine.build.args == {"A": "1", "B": "3", "C": "4"}
    assert mine.environment == {"A": "1", "B": "two", "C": "3", "D": "4"}
    assert (mine.ulimits["nofile"].soft, mine.ulimits["memlock"].soft) == (5, -1)
    assert (mine.deploy.resources.limits.cpus, mine.deploy.resources.limits.memory) == (4, 16 << 30)
    assert mine.deploy.resources.reservations.cpus == 2


def test_lists_are_appended_and_commands_replaced(base, tmp_path):
    """What takes the place of another in the container replaces it; the same twice is once."""
    mine = over(
        tmp_path,
        """\
extends: base
tags: [own, shared]
command: [bash]
volumes: ["other:/cache:ro", "./mine:/mine"]
ports: ["127.0.0.1:6006:6006", "8888:8888"]
cap_add: [SYS_NICE, SYS_PTRACE]
tmpfs: /run
""",
    )
    assert mine.tags == ("shared", "own")
    assert mine.command == ("bash",)
    assert [(v.source, v.target) for v in mine.volumes] == [
        ("../base/data", "/data"), ("other", "/cache"), ("./mine", "/mine")
    ]  # fmt: skip
    assert [port for entry in mine.ports for port in entry.expand()] == [Port(6006, 6006), Port(8888, 8888)]
    assert mine.cap_add == ("SYS_PTRACE", "SYS_NICE")
    assert [entry.target for entry in mine.tmpfs] == ["/run"]


def test_reset_takes_away_and_override_replaces(base, tmp_path):
    """Compose's tags, at any depth."""
    mine = over(
        tmp_path,
        """\
extends: base
ports: !reset []
volumes: !override ["./only:/only"]
environment: {A: !reset null, B: !override 7}
ulimits: !override {memlock: 3}
params: {lr: !reset null}
""",
    )
    assert mine.ports == ()
    assert [entry.target for entry in mine.volumes] == ["/only"]
    assert mine.environment == {"B": "7", "C": "3"}
    assert list(mine.ulimits) == ["memlock"]
    assert list(mine.params) == ["epochs"]


def test_nothing_behind_a_key_keeps_what_is_inherited(base, tmp_path):
    """Except where it has a meaning: a variable without a value is the caller's."""
    mine = over(tmp_path, "extends: base\ncommand:\nenvironment: {A: }\ndescription:\n")
    assert mine.command == ("python", "train.py", "--epochs=${epochs}")
    assert mine.environment == {"A": None, "B": "2", "C": "3"}
    assert mine.description == "what all have in common"


def test_paths_count_from_the_file_they_stand_in(base, tmp_path):
    """Of the base: the build's context, mounts, files; names of volumes and absolute paths stay."""
    (base / "profile.yaml").write_text("""\
build: .
env_file: [.env, {path: /etc/env}]
requirements: req.txt
volumes:
  - data:/named
  - /abs:/abs
  - ~/home:/home
  - type: bind
    source: ../up
    target: /up
  - ${DATA}:/var
  - ${DATA:-./more}/x:/default:ro
security_opt: ["seccomp=profile.json", "seccomp:unconfined", "apparmor=x"]
""")
    mine = over(tmp_path, "extends: base\n", "deep")
    assert mine.build.context == "../base"
    assert [entry.path for entry in mine.env_file] == ["../base/.env", "/etc/env"]
    assert mine.requirements == "../base/req.txt"
    written = [v["source"] if isinstance(v, dict) else v for v in mine.source["volumes"]]
    assert written == ["data:/named", "/abs:/abs", "~/home:/home", "../up", "${DATA}:/var",
        "${DATA:-../base/more}/x:/default:ro",
    ]  # fmt: skip
    assert mine.security_opt == ("seccomp=../base/profile.json", "seccomp:unconfined", "apparmor=x")


def test_requirements_beside_the_base_go_on_serving(base, tmp_path):
    """As the Dockerfile does: for the local engine, unless the profile has its own."""
    (base / "requirements.txt").write_text("numpy\n")
    assert over(tmp_path, "extends: base\n").requirements == "../base/requirements.txt"
    (tmp_path / "mine" / "requirements.txt").write_text("torch\n")
    assert over(tmp_path, "extends: base\n").requirements == ""


def test_a_chain_of_profiles(base, tmp_path):
    """Each over the next; the nearest file wins."""
    over(tmp_path, "extends: base\nparams: {lr: 0.1, epochs: 7}\n", "middle")
    mine = over(tmp_path, "extends: middle\nparams: {lr: 0.2}\n")
    assert {name: param.value for name, param in mine.params.items()} == {"epochs": 7, "lr": 0.2}
    assert [path.parent.name for path in mine.bases] == ["middle", "base"]


def test_a_service_of_a_compose_file(tmp_path):
    """With Compose's own extends inside that file; what a profile has no place for is said with its place there."""
    (tmp_path / "compose.yaml").write_text("""\
services:
  common:
    image: busybox
    environment: {A: 1}
  train:
    extends: common
    environment: {B: 2}
    volumes: ["./data:/data"]
    restart: always
""")
    text = "extends: {file: ../compose.yaml, service: train}\n"
    assert problems(tmp_path, text) == [
        "compose.yaml:9:5: restart: Compose's restart has no place in a profile: "
        "a run is one execution; run it again with `mltui rerun`"
    ]
    mine = over(tmp_path, f"{text}restart: !reset null\n")
    assert (mine.image, mine.environment) == ("busybox", {"A": "1", "B": "2"})
    assert mine.volumes[0].source == "../data"


def test_a_fault_names_the_file_it_stands_in(base, tmp_path):
    """One of the base names the base's line, one of the profile its own."""
    (base / "profile.yaml").write_text("image: x\nshm_size: lots\nports: [a:b]\n")
    assert problems(tmp_path, "extends: base\ncpus: many\nports: ['80:80', 'c:d']\n") == [
        "mine/profile.yaml:2:7: cpus: expected a number of CPUs such as 2, 1.5 or 500m, found 'many'",
        "mine/profile.yaml:3:18: ports.2: expected a port such as 8080, 8080:80 or 127.0.0.1:8080:80/udp, found 'c:d'",
        "base/profile.yaml:2:11: shm_size: expected a size such as 512m, 2g or 2Gi, found 'lots'",
        "base/profile.yaml:3:9: ports.0: expected a port such as 8080, 8080:80 or 127.0.0.1:8080:80/udp, found 'a:b'",
    ]
    (base / "profile.yaml").write_text("image: x\nimage: y\n")
    assert problems(tmp_path, "extends: base\n") == [
        "base/profile.yaml:2:1: image: is written twice; the first is in line 1"
    ]


@pytest.mark.parametrize(
    ("extends", "said"),
    [
        ("nobody", "extends: cannot extend nobody: there is no profile of that name."),
        ("tow", "extends: cannot extend tow: there is no profile of that name. Did you mean two?"),
        ("../no/such.yaml", "extends: cannot extend ../no/such.yaml: there is no file"),
        ("mine", "extends: cannot extend mine: in the end it extends itself"),
        ("./profile.yaml", "in the end it extends itself"),
        ("[a]", "extends: expected a mapping"),
        ("{fil: x}", "extends.fil: unknown key; did you mean file?"),
        ("{service: x}", "extends: file is missing"),
        ("{file: ../compose.yaml, service: x}", "compose.yaml has no such service; it has a"),
        ("../broken.yaml", "broken.yaml:1:4: not YAML"),
        ("../two.yaml", "mine/profile.yaml:1:10: extends: cannot extend ../two.yaml"),
    ],
)
def test_what_cannot_be_extended_is_said(tmp_path, extends, said):
    """At the key, once, without a word of what is missing because of it."""
    (tmp_path / "compose.yaml").write_text("services: {a: {image: x}}\n")
    (tmp_path / "broken.yaml").write_text("a: 'x")
    (tmp_path / "two.yaml").write_text("")
    found = problems(tmp_path, f"extends: {extends}\n")
    assert any(said in one for one in found), found
    assert not any("image or build" in one for one in found)


def test_profiles_that_extend_each_other_are_refused(tmp_path):
    """In a circle, and in a chain without end."""
    over_files = {f"p{i}.yaml": f"image: x\nextends: ./p{i + 1}.yaml\n" for i in range(20)}
    for name, text in (over_files | {"a.yaml": "extends: ./b.yaml\n", "b.yaml": "extends: ./a.yaml\n"}).items():
        (tmp_path / name).write_text(text)
    for start, said in (("a", "in the end it extends itself"), ("p0", "more than 8 profiles extend each other")):
        with pytest.raises(ProfileError, match=said):
            load_profile(tmp_path / f"{start}.yaml", {})


def test_tags_of_compose_are_nothing_without_a_base(tmp_path):
    """They would do nothing, which is never what was meant."""
    assert problems(tmp_path, "image: x\nports: !reset []\n") == [
        "mine/profile.yaml:2:8: the tag !reset is for a profile that extends another"
    ]


def test_the_kept_text_says_all_and_stays_as_it_is(base, tmp_path):
    """A run's copy of its profile is the same profile when the base has changed or gone."""
    mine = over(tmp_path, "extends: base\nparams: {epochs: 20, eps: 1e-8}\nenvironment: {Q: 'no', E: 1e-3}\n")
    kept = tmp_path / "kept.yaml"
    kept.write_text(mine.text)
    shutil.rmtree(base)
    again = load_profile(kept, {}, beside=mine.path)
    assert again.model_dump() == mine.model_dump()
    assert again.source == mine.source
    assert str(again.source["environment"]["E"]) == "1e-3"
    assert (again.name, again.folder, again.bases) == ("mine", mine.folder, ())


def test_a_change_of_the_base_is_seen_in_the_list(base, tmp_path):
    """And only then is the profile read again."""
    over(tmp_path, "extends: base\n")
    repository = ProfileRepository([tmp_path], cwd=tmp_path, environment={})

    def entry():
        return next(entry for entry in repository.list() if entry.name == "mine")

    before = entry()
    assert before.description == "what all have in common"
    assert entry() is before
    (base / "profile.yaml").write_text(BASE.replace("what all", "what everybody"))
    assert entry().description == "what everybody have in common"
    (base / "profile.yaml").write_text("image: [\n")
    assert entry().problem is not None


def test_a_name_is_looked_for_nearby_and_then_everywhere(base, tmp_path):
    """Beside the profile first; by the name that a file gives itself."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "x.yaml").write_text("name: elsewhere\nimage: far\n")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "profile.yaml").write_text("extends: elsewhere\n")
    repository = ProfileRepository([tmp_path / "far"], cwd=tmp_path, environment={})
    assert repository.load(tmp_path / "mine").image == "far"
    (tmp_path / "mine.yaml").write_text("extends: base\n")
    assert repository.load(tmp_path / "mine.yaml").params["epochs"].value == 5


def test_a_text_that_is_not_saved_is_checked(base, tmp_path):
    """As an editor has it: with its bases, all problems, nothing written."""
    checked = check_text("extends: base\ninit: false\n", tmp_path / "new" / "profile.yaml", {})
    assert checked.profile is not None
    assert (checked.profile.name, checked.profile.init, checked.problems) == ("new", False, ())
    checked = check_text("extends: base\ncpus: x\n", tmp_path / "new" / "profile.yaml", {})
    assert checked.profile is None
    assert [(problem.line, problem.path) for problem in checked.problems] == [(2, "cpus")]
