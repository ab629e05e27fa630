"""``mltui profile``: what can be named, what it says, what is wrong with it."""

from __future__ import annotations

import json

from tests.cli.conftest import TRAIN, Program


def test_list_shows_broken_profiles_too(program: Program) -> None:
    """A profile that cannot be read stays in the list, with what is wrong."""
    program.profile("profiles", "")
    (program.folder / "profiles" / "profile.yaml").unlink()
    (program.folder / "profiles" / "good.yaml").write_text(TRAIN)
    (program.folder / "profiles" / "bad.yaml").write_text("image: busybox\nimagee: x\n")
    (program.folder / "profiles" / "binary.yaml").write_bytes(b"\x80\xff\x00image")
    out, _ = program("profile", "list")
    rows = {line.split()[0]: line for line in out.splitlines()[1:]}
    assert "Prints a falling loss" in rows["good"]
    assert "line 2" in rows["bad"]
    assert "line 1: is not text" in rows["binary"]
    entries = {str(entry["name"]): entry for entry in program.lines("profile", "list", "--json")}
    assert entries["good"]["problem"] is None
    assert entries["bad"]["problem"]["line"] == 2  # type: ignore[index]


def test_a_folder_that_the_settings_name_in_vain_is_said(program: Program) -> None:
    """Once, beside the list, which goes on to have the others."""
    program.profile("profiles", TRAIN)
    settings = program.folder / "settings"
    settings.mkdir()
    (settings / "settings.yaml").write_text("profile_folders: [gone, .]\n")
    program.environment["MLTUI_CONFIG"] = str(settings)
    out, err = program("profile", "list")
    assert "Prints a falling loss" in out
    assert err == f"The settings' profile_folders name a folder that is not there: {settings}/gone.\n"
    (settings / "settings.yaml").write_text("profile_folders: [gone, lost]\n")
    assert f"folders that are not there: {settings}/gone, {settings}/lost." in program("profile", "list")[1]


def test_show_lists_the_parameters(program: Program) -> None:
    """Each parameter with its type, default and bounds, then the file itself."""
    folder = program.profile("train", TRAIN.replace("min: 1,", "min: 1, max: 1234567,"))
    out, _ = program("profile", "show", str(folder))
    assert "epochs     int   3        1…1234567  how often" in out
    assert TRAIN.splitlines()[-1] in out
    [value] = program.lines("profile", "show", str(folder), "--json")
    assert value["params"]["epochs"]["min"] == 1.0  # type: ignore[index]


def test_check_says_file_line_and_column(program: Program) -> None:
    """All problems of all profiles named are printed as a compiler prints them; one is enough for exit code 1."""
    good, bad = program.profile("good", TRAIN), program.profile("bad", "image: busybox\ncpuss: 2\nshm_size: lots\n")
    out, err = program("profile", "check", str(good), str(bad), code=1)
    assert out == f"{good}/profile.yaml: ok\n"
    places = [line.removeprefix(f"{bad}/profile.yaml:").split(":")[0] for line in err.splitlines()]
    assert places == ["2", "3"]
    assert program("profile", "check", str(good))[0].endswith("ok\n")


def test_broken_profile_is_not_launched(program: Program) -> None:
    """``run`` of a broken profile says where it is broken and records nothing."""
    bad = program.profile("bad", "image: [\n")
    _, err = program("run", str(bad), "--engine", "local", code=1)
    assert f"{bad}/profile.yaml:" in err
    assert program.lines("runs", "--json") == []


def test_schema_is_for_editors_and_for_people(program: Program) -> None:
    """JSON by default, the reference page on request."""
    schema = json.loads(program("profile", "schema")[0])
    assert schema["properties"]["image"]["title"] == "Image"
    assert "| `image` |" in program("profile", "schema", "--format", "markdown")[0]


def test_check_looks_at_the_files_and_the_variables(program: Program) -> None:
    """What is not there is an error; a variable that is not set is a warning, and alone no failure; so is a secret."""
    text = (
        "build: .\ncommand: [train, '${NOT_SET_HERE}']\nenvironment: {DB_PASSWORD: hunter2, A_TOKEN: '${A_TOKEN:-}'}\n"
    )
    folder = program.profile("p", text)
    out, err = program("profile", "check", str(folder), code=1)
    assert out == ""
    assert f"{folder}/profile.yaml:1:8: build: there is no Dockerfile" in err
    (folder / "Dockerfile").write_text("FROM scratch\n")
    out, err = program("profile", "check", str(folder))
    assert out == f"{folder}/profile.yaml: ok\n"
    assert err.startswith(f"{folder}/profile.yaml:2:18: command.1: warning: ${{NOT_SET_HERE}} is not set")
    said = "environment.DB_PASSWORD: warning: its value is written here, and every run keeps a copy of its profile"
    assert f"{folder}/profile.yaml:3:28: {said}" in err
    assert "hunter2" not in err
    [value] = program.lines("profile", "check", str(folder), "--json")
    assert (value["ok"], value["problems"], len(value["warnings"])) == (True, [], 2)  # type: ignore[arg-type]


COMPOSE = """\
services:
  train: {image: busybox, restart: always, gpus: none, command: [echo, "${WHO:-me}"], volumes: ["./data:/data"]}
  db: {image: postgres}
"""


def test_import_makes_a_profile_that_runs(program: Program) -> None:
    """The file is written, what is not in it is said on stderr, and its dry run shows the same command."""
    (program.folder / "compose.yaml").write_text(COMPOSE)
    (program.folder / "data").mkdir()
    out, err = program("profile", "import", "compose.yaml", "--service", "train")
    assert out == "profiles/train/profile.yaml\n"
    assert "  restart: a run is one execution" in err
    assert "Does something else than before:" in err
    assert program("profile", "check", "train")[0].endswith("ok\n")
    line, _ = program("run", "train", "--dry-run", "--engine", "local", WHO="you")
    assert f"type=bind,source={program.folder}/data,target=/data" in line
    assert line.endswith("busybox \\\n  echo you\n")
    _, err = program("profile", "import", "compose.yaml", "--service", "train", code=2)
    assert "is there already" in err


def test_import_takes_a_line_and_standard_input(program: Program) -> None:
    """As an argument, or piped; to standard output, or to a file that is named."""
    line = "docker run --rm --gpus all img:1 python train.py"
    out, err = program("profile", "import", line, "-o", "-")
    assert "image: img:1\ncommand: [python, train.py]" in out
    assert "--rm: a run keeps its container" in err
    [value] = program.lines("profile", "import", "-", "-o", "mine.yaml", "--json", stdin=line.encode())
    assert (value["name"], value["path"]) == ("img", "mine.yaml")
    assert {
        "change": "left out",
        "path": ["--rm"],
        "message": "a run keeps its container until it is removed",
    } in value["remarks"]  # type: ignore[operator]
    assert (program.folder / "mine.yaml").read_text() == out


def test_import_says_what_it_cannot_read(program: Program) -> None:
    """Which services there are, which file is not there."""
    (program.folder / "compose.yaml").write_text(COMPOSE)
    assert "Name one: --service train | db" in program("profile", "import", ".", code=2)[1]
    assert "no-such.yaml" in program("profile", "import", "no-such.yaml", code=1)[1]
    (program.folder / "compose.yaml").write_text("a: [")
    assert "compose.yaml:1:5: not YAML" in program("profile", "import", ".", code=1)[1]


def test_a_secret_that_is_set_is_refused_and_nowhere(program: Program) -> None:
    """By its parameter's name and by its look: one sentence that does not repeat it, and no file has it."""
    secret = "hf_abcdefghijklmnopqrstuvwxyz012345"
    program.profile("named", "image: none\nparams: {api_token: {type: str}}\ncommand: [echo]\n")
    _, err = program("run", "./named", "--set", f"api_token={secret}", "--engine", "local", code=1)
    assert "api_token is a secret by its name" in err
    assert secret not in err
    program.profile("noted", "image: none\nparams: {note: {type: str}}\ncommand: [echo, '${note}']\n")
    _, err = program("run", "./noted", "--set", f"note={secret}", "--engine", "local", code=2)
    assert "note: this looks like a token" in err
    assert secret not in err
    assert not [path for path in program.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
