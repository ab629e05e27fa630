"""Profiles found by name, folder or file; broken ones listed with what is wrong."""

from pathlib import Path

import pytest

from mltui.domain.errors import ProfileError, UsageError
from mltui.storage.profiles import ProfileRepository, load_profile

GOOD = "image: busybox\ncommand: [echo, hello]\n"


@pytest.fixture(autouse=True)
def own_config(tmp_path, monkeypatch):
    """No profiles of the developer."""
    monkeypatch.delenv("MLTUI_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def write(folder: Path, text: str = GOOD, file: str = "profile.yaml") -> Path:
    """A profile in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / file).write_text(text)
    return folder / file


def names(repository: ProfileRepository) -> list[str]:
    """Names of what is listed, the examples left out."""
    return [entry.name for entry in repository.list() if not entry.name.startswith("mnist-")]


def test_every_problem_of_a_file_at_once_in_its_order(tmp_path):
    """YAML, schema and variables; each with line, column, path, what was expected and the nearest name."""
    text = """\
description: several things are wrong here
imge: tensorflow
build: {context: ., argz: {A: 1}}
command: python train.py --epochs ${epoch}
params:
  epochs: {default: 50, min: 1, max: 10}
ports:
  - 8080:80
  - 99999
tty: no
tty: false
"""
    path = write(tmp_path / "p", text)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems] == [
        "2:1: imge: unknown key; did you mean image?",
        "3:21: build.argz: unknown key; did you mean args?",
        "4:10: command: ${epoch} is no parameter; did you mean ${epochs}?",
        "6:21: params.epochs.default: expected a whole number from 1 to 10, found '50'",
        "9:5: ports.1: expected a port from 1 to 65535 or a range such as 8000-8002, found '99999'",
        "10:6: tty: no can be read as text or as false: write 'no' or false",
        "11:1: tty: is written twice; the first is in line 10",
    ]


def test_a_profile_knows_where_it_comes_from(tmp_path):
    """Its name is its folder's, its relative paths start there, its text is kept."""
    path = write(tmp_path / "my profile")
    profile = load_profile(tmp_path / "my profile")
    assert (profile.name, profile.path, profile.folder, profile.text) == ("my-profile", path, path.parent, GOOD)


def test_a_copy_stands_for_its_original(tmp_path):
    """A kept copy has the name and the folder of the file it was made from."""
    original = write(tmp_path / "first")
    copy = write(tmp_path / "runs" / "abc", "image: other\n")
    profile = load_profile(copy, beside=original)
    assert (profile.name, profile.path, profile.folder, profile.image) == ("first", original, original.parent, "other")


def test_structure_that_depends_on_a_variable_is_checked_with_it(tmp_path):
    """Set, it is checked; unset, it waits for the launch; a slip in its spelling is seen at once."""
    path = write(tmp_path / "p", "image: ${REGISTRY}/x\nshm_size: ${SHM:-1g}\ncpus: ${CPUS}\n")
    assert load_profile(path, {}).shm_size == 1 << 30
    assert load_profile(path, {"CPUS": "2"}).cpus == 2
    with pytest.raises(ProfileError, match=r"3:7: cpus: expected a number of CPUs"):
        load_profile(path, {"CPUS": "many"})
    path.write_text("image: x\ncommand: [echo, '${oops']\n")
    with pytest.raises(ProfileError, match=r"2:17: command.1: a \$\{ that no \} closes"):
        load_profile(path, {})


def test_structure_may_use_parameters(tmp_path):
    """Their defaults are what is checked; before a variable of the same name."""
    text = "image: x:${tag}\nparams: {tag: '1', shm: 2g, cores: {type: int}}\nshm_size: ${shm}\ncpus: ${cores}\n"
    profile = load_profile(write(tmp_path / "p", text), {"tag": "9", "cores": "many"})
    assert (profile.image, profile.shm_size, profile.cpus) == ("x:1", 2 << 30, None)


def test_found_by_name_folder_and_file(tmp_path):
    """In the folders given, ./profiles, the user's own; by path from where one stands."""
    given = write(tmp_path / "given" / "one")
    here = write(tmp_path / "here" / "profiles" / "two")
    own = write(tmp_path / "config" / "mltui" / "profiles" / "three")
    single = write(tmp_path / "here" / "profiles", file="four.yaml")
    repository = ProfileRepository([tmp_path / "given"], cwd=tmp_path / "here")
    found = {name: repository.find(name) for name in ("one", "two", "three", "four")}
    assert found == {"one": given, "two": here, "three": own, "four": single}
    for path in ("profiles/two", "profiles/two/", "profiles/two/profile.yaml", str(here), str(here.parent)):
        assert repository.find(path) == here
    assert repository.load("two").name == "two"
    assert names(repository) == ["one", "four", "two", "three"]


def test_the_configuration_folder_may_be_another(tmp_path, monkeypatch):
    """The one that ``MLTUI_CONFIG`` names has the user's profiles beside the settings; no other is looked in."""
    write(tmp_path / "config" / "mltui" / "profiles" / "usual")
    mine = write(tmp_path / "elsewhere" / "profiles" / "mine")
    monkeypatch.setenv("MLTUI_CONFIG", str(tmp_path / "elsewhere"))
    repository = ProfileRepository([], cwd=tmp_path)
    assert names(repository) == ["mine"]
    assert repository.find("mine") == mine


def test_a_folder_given_may_be_the_profile_itself(tmp_path):
    """As in: mltui path/to/profile."""
    path = write(tmp_path / "alone")
    assert next(ProfileRepository([tmp_path / "alone"], cwd=tmp_path).files()) == path


def test_the_first_of_a_name_is_meant(tmp_path):
    """What is nearer hides what is further away, and is listed once."""
    near = write(tmp_path / "given" / "same")
    write(tmp_path / "profiles" / "same")
    write(tmp_path / "profiles" / "other", "name: same\nimage: x\n")
    repository = ProfileRepository([tmp_path / "given"], cwd=tmp_path)
    assert repository.find("same") == near
    assert names(repository) == ["same"]


def test_the_examples_are_there_everywhere(tmp_path):
    """Without any folder of one's own."""
    assert {entry.name for entry in ProfileRepository(cwd=tmp_path).list()} >= {"mnist-mlp", "mnist-cnn"}


def test_a_name_that_is_not_there(tmp_path):
    """The nearest names, and where they were looked for."""
    write(tmp_path / "profiles" / "mnist-big")
    with pytest.raises(UsageError) as caught:
        ProfileRepository(cwd=tmp_path).load("mnist-bg")
    assert caught.value.message == "There is no profile 'mnist-bg'."
    assert "Did you mean mnist-big" in caught.value.hint
    assert str(tmp_path / "profiles") in caught.value.hint


@pytest.mark.parametrize("name", ["", ".", "no/such", "none.yaml", "\x1b[31mred"])
def test_no_such_path_is_a_sentence(tmp_path, name):
    """And nothing of the name reaches the terminal as a sequence."""
    with pytest.raises(UsageError, match="There is no profile") as caught:
        ProfileRepository(cwd=tmp_path).find(name)
    assert "\x1b" not in str(caught.value)


def test_a_broken_profile_is_listed_with_its_first_problem(tmp_path):
    """By its name, with its description, never hidden."""
    write(tmp_path / "profiles" / "bad", "name: mine\ndescription: half done\nimage: x\nport: 80\n")
    write(tmp_path / "profiles" / "worse", "a: [")
    bad, worse = ProfileRepository(cwd=tmp_path).list()[:2]
    assert (bad.name, bad.description) == ("mine", "half done")
    assert str(bad.problem).endswith("bad/profile.yaml:4:1: port: unknown key; did you mean ports?")
    assert (worse.name, worse.problem.line) == ("worse", 1)
    with pytest.raises(ProfileError):
        ProfileRepository(cwd=tmp_path).load("mine")


def test_nothing_of_a_file_steers_the_terminal(tmp_path):
    """Neither its keys nor its texts, in the list or in problems."""
    write(tmp_path / "profiles" / "p", 'image: x\n"\\e[31mred": 1\ndescription: "\\e]0;title\\a fine"\n')
    entry = ProfileRepository(cwd=tmp_path).list()[0]
    assert entry.description == "fine"
    assert str(entry.problem).partition(":2:1: ")[2].startswith("red: unknown key")


def test_a_change_on_disk_is_seen(tmp_path):
    """The same repository reads a file again when it is another."""
    path = write(tmp_path / "profiles" / "p", "image: x\ndescription: before\n")
    repository = ProfileRepository(cwd=tmp_path)
    assert repository.list()[0].description == "before"
    path.write_text("image: x\ndescription: afterwards\n")
    assert repository.list()[0].description == "afterwards"
    path.unlink()
    assert names(repository) == []


def test_a_file_is_read_once(tmp_path, monkeypatch):
    """Listing again reads nothing that has not changed."""
    from mltui.storage import yaml_source

    write(tmp_path / "profiles" / "p")
    repository = ProfileRepository(cwd=tmp_path)
    first = repository.list()
    monkeypatch.setattr(yaml_source, "read_source", None)
    assert repository.list() == first


def test_links_to_one_file_are_one_profile(tmp_path):
    """A linked folder does not list its profile twice."""
    write(tmp_path / "profiles" / "a")
    (tmp_path / "profiles" / "b").symlink_to(tmp_path / "profiles" / "a")
    assert names(ProfileRepository(cwd=tmp_path)) == ["a"]


def test_many_profiles_are_listed_by_name_before_they_are_read(tmp_path):
    """Without time to read, each has its file's name; read, they stay read until they change."""
    for number in range(5):
        write(tmp_path / f"p {number}", f"{GOOD}name: real{number}\n")
    repository = ProfileRepository([tmp_path], cwd=tmp_path)
    entries, whole = repository.list_within(0)
    assert not whole
    assert [entry.name for entry in entries][:5] == [f"p-{number}" for number in range(5)]
    entries, whole = repository.list_within(60)
    assert whole
    assert [entry.name for entry in entries][:5] == [f"real{number}" for number in range(5)]
    write(tmp_path / "p 0", f"{GOOD}name: renamed\n")
    entries, whole = repository.list_within(0)
    assert (entries[0].name, entries[1].name, whole) == ("renamed", "real1", True)


def test_the_empty_name_is_not_the_folder_one_is_in(tmp_path):
    """Though a profile lies there."""
    (tmp_path / "profile.yaml").write_text("image: x\n")
    assert ProfileRepository(cwd=tmp_path).find(".") == tmp_path / "profile.yaml"
    with pytest.raises(UsageError, match="There is no profile"):
        ProfileRepository(cwd=tmp_path).find("")
