"""What a launch would miss is said before it: files that are not there, variables that are not set."""

from mltui.runtime.preflight import missing_files, problems_and_warnings, unset_variables
from mltui.storage.profiles import check_text


def sound_of(tmp_path, text):
    """What is sound of this text."""
    return check_text(text, tmp_path / "profile.yaml", {}).sound


def said(problems):
    """Line, column, path and message of each."""
    return [(p.line, p.column, p.path, p.message) for p in problems]


def test_files_that_are_not_there(tmp_path):
    """Each with its place: the Dockerfile, requirements, files of variables, folders to mount."""
    (tmp_path / "here").mkdir()
    sound = sound_of(
        tmp_path,
        """\
build: .
requirements: req.txt
env_file: [.env, {path: other.env, required: false}]
volumes:
  - ./here:/here
  - ./gone:/gone
  - name:/name
  - {type: bind, source: ../away, target: /away}
""",
    )
    assert said(missing_files(sound)) == [
        (1, 8, "build", f"there is no Dockerfile in {tmp_path}: make it, or correct the path"),
        (2, 15, "requirements", f"there is no file {tmp_path}/req.txt: make it, or correct the path"),
        (3, 12, "env_file.0", f"there is no file {tmp_path}/.env: make it, or correct the path"),
        (6, 5, "volumes.1", f"there is no {tmp_path}/gone to mount: make it, or correct the path"),
        (8, 5, "volumes.3", f"there is no {tmp_path.parent}/away to mount: make it, or correct the path"),
    ]
    for name in ("Dockerfile", "req.txt", ".env", "gone"):
        (tmp_path / name).touch()
    assert [problem.path for problem in missing_files(sound)] == ["volumes.3"]


def test_a_context_that_is_no_folder(tmp_path):
    """Nor a repository: that is to be cloned first."""
    assert "there is no folder" in missing_files(sound_of(tmp_path, "build: ./no"))[0].message
    assert "clone" in missing_files(sound_of(tmp_path, "build: https://example.org/a.git"))[0].message


def test_variables_that_are_not_set(tmp_path):
    """Those in texts and those that are the caller's; a parameter is set by the launch."""
    sound = sound_of(
        tmp_path,
        """\
image: ${IMAGE}
params: {lr: {type: float}, n: 1}
command: [train, "--lr=${lr}", "--n=${n}", "${WHERE:-here}", "${MODE}"]
environment:
  TOKEN:
  FULL: $$x ${HALF:?say how much}
secrets: [KEY, TOKEN]
volumes: ["${DATA}:/data"]
""",
    )
    found = {problem.path: problem.message for problem in unset_variables(sound, {})}
    assert found == {
        "image": "${IMAGE} is not set: export IMAGE, or write ${IMAGE:-default}",
        "command.4": "${MODE} is not set: export MODE, or write ${MODE:-default}",
        "environment.FULL": "${HALF} is not set: say how much",
        "volumes.0": "${DATA} is not set: export DATA, or write ${DATA:-default}",
        "environment.TOKEN": "TOKEN is taken from your environment and is not set there: export TOKEN",
        "secrets.0": "KEY is taken from your environment and is not set there: export KEY",
    }
    caller = dict.fromkeys(("IMAGE", "MODE", "HALF", "DATA", "TOKEN", "KEY"), "x")
    assert unset_variables(sound, caller) == ()
    assert missing_files(sound) == ()


def test_what_waits_for_a_variable_hides_nothing_beside_it(tmp_path):
    """Other entries of the list, other keys of deploy; entries keep their own numbers."""
    text = """\
image: a
volumes: ["${NOT_SET_A}:/a", "x:y:z:z", "./no:/n", "b:/n"]
mem_limit: 1g
deploy: {resources: {limits: {cpus: "${NOT_SET_B}", memory: 2g, mem: 1}}}
"""
    problems, warnings = problems_and_warnings(check_text(text, tmp_path / "profile.yaml", {}))
    assert [(problem.line, problem.path) for problem in problems] == [
        (2, "volumes.1"), (2, "volumes.2"), (2, "volumes.3"), (3, "mem_limit"), (4, "deploy.resources.limits.mem"),
    ]  # fmt: skip
    assert [problem.path for problem in warnings] == ["volumes.0", "deploy.resources.limits.cpus"]


def test_what_is_inherited_is_named_where_it_stands(tmp_path):
    """In the file of the base."""
    (tmp_path / "base.yaml").write_text("image: ${IMAGE}\n")
    (problem,) = unset_variables(sound_of(tmp_path, "extends: ./base.yaml\n"), {})
    assert (problem.file, problem.line) == (str(tmp_path / "base.yaml"), 1)


def test_everything_is_said_at_once_in_the_order_of_the_file(tmp_path):
    """Unknown keys, wrong values, what fields say together, files that are not there; and what would be missed beside
    that. Entries keep their own numbers."""
    text = """\
build: {context: ./gone}
mem_limit: 1g
mem_reservation: 4g
volume: [x]
volumes: ["a:b:c:d", ./no:/d, "/e:e"]
env_file: [{path: 1, formt: raw}, no.env]
shm_size: much
params: {n: {mim: 1}}
secrets: ["A=", NOT_SET_HERE]
command: [train, "${n}", "${NOR_THIS}", "${m"]
"""
    problems, warnings = problems_and_warnings(check_text(text, tmp_path / "profile.yaml", {}))
    assert [(problem.line, problem.path) for problem in problems] == [
        (1, "build.context"), (3, "mem_reservation"), (4, "volume"), (5, "volumes.0"), (5, "volumes.1"),
        (5, "volumes.2"), (6, "env_file.0.formt"), (6, "env_file.1"), (7, "shm_size"), (8, "params.n.mim"),
        (9, "secrets.0"), (10, "command.3"),
    ]  # fmt: skip
    assert [(problem.line, problem.path) for problem in warnings] == [(9, "secrets.1"), (10, "command.2")]
