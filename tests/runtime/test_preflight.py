"""What a launch would miss is said before it: files that are not there, variables that are not set."""

from mltui.runtime.preflight import missing_files, unset_variables
from mltui.storage.profiles import load_profile


def profile_of(tmp_path, text):
    """The profile that this text is."""
    (tmp_path / "profile.yaml").write_text(text)
    return load_profile(tmp_path, {})


def said(problems):
    """Line, column, path and message of each."""
    return [(p.line, p.column, p.path, p.message) for p in problems]


def test_files_that_are_not_there(tmp_path):
    """Each with its place: the Dockerfile, requirements, files of variables, folders to mount."""
    (tmp_path / "here").mkdir()
    profile = profile_of(
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
    assert said(missing_files(profile)) == [
        (1, 8, "build", f"there is no Dockerfile in {tmp_path}: make it, or correct the path"),
        (2, 15, "requirements", f"there is no file {tmp_path}/req.txt: make it, or correct the path"),
        (3, 12, "env_file.0", f"there is no file {tmp_path}/.env: make it, or correct the path"),
        (6, 5, "volumes.1", f"there is no {tmp_path}/gone to mount: make it, or correct the path"),
        (8, 5, "volumes.3", f"there is no {tmp_path.parent}/away to mount: make it, or correct the path"),
    ]
    for name in ("Dockerfile", "req.txt", ".env", "gone"):
        (tmp_path / name).touch()
    assert [problem.path for problem in missing_files(profile)] == ["volumes.3"]


def test_a_context_that_is_no_folder(tmp_path):
    """Nor a repository: that is to be cloned first."""
    assert "there is no folder" in missing_files(profile_of(tmp_path, "build: ./no"))[0].message
    assert "clone" in missing_files(profile_of(tmp_path, "build: https://example.org/a.git"))[0].message


def test_variables_that_are_not_set(tmp_path):
    """Those in texts and those that are the caller's; a parameter is set by the launch."""
    profile = profile_of(
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
    found = {problem.path: problem.message for problem in unset_variables(profile, {})}
    assert found == {
        "image": "${IMAGE} is not set: export IMAGE, or write ${IMAGE:-default}",
        "command.4": "${MODE} is not set: export MODE, or write ${MODE:-default}",
        "environment.FULL": "${HALF} is not set: say how much",
        "volumes.0": "${DATA} is not set: export DATA, or write ${DATA:-default}",
        "environment.TOKEN": "TOKEN is taken from your environment and is not set there: export TOKEN",
        "secrets.0": "KEY is taken from your environment and is not set there: export KEY",
    }
    caller = dict.fromkeys(("IMAGE", "MODE", "HALF", "DATA", "TOKEN", "KEY"), "x")
    assert unset_variables(profile, caller) == ()
    assert missing_files(profile) == ()


def test_what_is_inherited_is_named_where_it_stands(tmp_path):
    """In the file of the base."""
    (tmp_path / "base.yaml").write_text("image: ${IMAGE}\n")
    (problem,) = unset_variables(profile_of(tmp_path, "extends: ./base.yaml\n"), {})
    assert (problem.file, problem.line) == (str(tmp_path / "base.yaml"), 1)
