"""A profile becomes a launch: parameters, variables, secrets, defaults, GPUs."""

import dataclasses
from pathlib import Path

import pytest

from mltui.domain.device import DeviceSample
from mltui.domain.errors import GpuUnavailable, ProfileError, UsageError
from mltui.domain.launch import GpuRequest, Mount, MountType, Port
from mltui.engines.base import EngineInfo
from mltui.runtime.docker_command import docker_command
from mltui.runtime.gpu_choice import gpu_uses
from mltui.runtime.resolve import Resolution, metric_config, output_folders, resolve_run
from mltui.storage.profiles import load_profile

DOCKER = EngineInfo(
    "docker", "Docker Engine", "28", "unix:///var/run/docker.sock", "default", "box", 8, 64 << 30, False, True, True
)
WITH_GPUS = DOCKER._replace(gpus=True)
LOCAL = DOCKER._replace(engine="local", product="processes of this machine", isolated=False)
REMOTE = DOCKER._replace(local=False, host="gpu-box")


@pytest.fixture
def launch(tmp_path):
    """Resolve the profile of a text."""

    def resolve(text: str, engine: EngineInfo = DOCKER, caller: dict[str, str] | None = None, **wishes) -> Resolution:
        folder = tmp_path / "demo"
        folder.mkdir(exist_ok=True)
        (folder / "profile.yaml").write_text(text)
        return resolve_run(
            load_profile(folder, caller or {}),
            run_id="abcd2345",
            outputs_host=tmp_path / "outputs",
            engine=engine,
            environment=caller or {},
            user=(1000, 100),
            **wishes,
        )

    return resolve


def gpu(index: int, used: float = 0.0, **more) -> DeviceSample:
    """A GPU of which this share of the memory is in use."""
    return DeviceSample(1.0, index, f"GPU-{index}", "A100", memory_used=used * 80e9, memory_total=80e9, **more)


def problems(caught: pytest.ExceptionInfo[ProfileError]) -> list[str]:
    """line:column: path: message of each problem."""
    return [f"{p.line}:{p.column}: {p.path}: {p.message}" for p in caught.value.problems]


def test_the_defaults_are_safe_and_practical(launch, tmp_path):
    """Everything that product and habit ask of a training container, without a word in the profile."""
    spec = launch("image: busybox\n").spec
    assert spec.name == "mltui-demo-abcd2345"
    assert spec.hostname == "demo-abcd2345"
    assert spec.user == "1000:100"
    assert spec.init
    assert spec.cap_drop == ("ALL",)
    assert spec.security_opt == ("no-new-privileges:true",)
    assert spec.stop_grace_period == 30
    assert spec.shm_size == 2 << 30
    assert spec.ulimits == ()
    assert (spec.log_driver, dict(spec.log_options)) == ("json-file", {"max-size": "50m", "max-file": "3"})
    assert not spec.gpus
    assert not spec.read_only
    assert not spec.secrets
    assert spec.outputs == "/outputs"
    assert spec.outputs_host == str(tmp_path / "outputs")
    assert spec.container_mounts == (
        Mount("/outputs", str(tmp_path / "outputs")),
        Mount("/home/mltui", type=MountType.TMPFS),
    )
    assert spec.container_environment == {
        "PYTHONUNBUFFERED": "1",
        "MLTUI_RUN_ID": "abcd2345",
        "MLTUI_OUTPUTS": "/outputs",
        "HOME": "/home/mltui",
        "USER": "mltui",
    }
    assert {name: spec.labels[name] for name in ("mltui.run", "mltui.profile", "mltui.params")} == {
        "mltui.run": "abcd2345",
        "mltui.profile": "demo",
        "mltui.params": "{}",
    }
    assert float(spec.labels["mltui.created"]) > 1.7e9
    assert "mltui.group" not in spec.labels


def test_runs_of_a_sweep_carry_its_group(launch):
    """A container that is taken up by another home keeps it."""
    assert launch("image: app\n", group_id="gggg2345").spec.labels["mltui.group"] == "gggg2345"


def test_every_default_can_be_changed(launch):
    """What the profile says wins."""
    spec = launch(
        """\
image: busybox
user: root
init: false
cap_drop: []
security_opt: [seccomp=unconfined, "no-new-privileges:false"]
stop_grace_period: 2m
shm_size: 64m
hostname: me
outputs: /results
read_only: true
logging: {driver: local}
environment: {PYTHONUNBUFFERED: 0, HOME: /root}
ports: ["0.0.0.0:6006:6006"]
labels: {team: vision}
"""
    ).spec
    assert (spec.user, spec.init, spec.cap_drop) == ("root", False, ())
    assert spec.security_opt == ("seccomp=unconfined", "no-new-privileges:false")
    assert (spec.stop_grace_period, spec.shm_size, spec.hostname, spec.read_only) == (120, 64 << 20, "me", True)
    assert (spec.log_driver, dict(spec.log_options)) == ("local", {})
    assert (spec.environment["PYTHONUNBUFFERED"], spec.environment["HOME"]) == ("0", "/root")
    assert spec.ports == (Port(6006, 6006, "0.0.0.0"),)
    assert (spec.outputs, [mount.target for mount in spec.mounts]) == ("/results", ["/results"])
    assert (spec.labels["team"], spec.labels["mltui.run"]) == ("vision", "abcd2345")


def test_limits_of_the_launch_stand_in_for_the_profiles(launch):
    """Wherever the profile says them; an empty one takes the limit away; what was changed is told."""
    text = "image: x\nmem_limit: 2g\nshm_size: 1g\ndeploy: {resources: {limits: {cpus: 4, pids: 9}}}\n"
    changed = launch(text, limits={"cpus": "1.5", "mem_limit": "", "shm_size": "64m"})
    resources = changed.spec.resources
    assert (resources.cpus, resources.memory, resources.pids, changed.spec.shm_size) == (1.5, None, 9, 64 << 20)
    assert changed.overrides == {"limits": {"cpus": "1.5", "mem_limit": "", "shm_size": "64m"}}
    same = launch(text).spec.resources
    assert (same.cpus, same.memory) == (4, 2 << 30)
    with pytest.raises(ProfileError, match="expected a size"):
        launch(text, limits={"mem_limit": "much"})


def test_other_security_options_keep_the_default(launch):
    """It is lost only when it is named."""
    spec = launch("image: x\nsecurity_opt: [seccomp=unconfined]\n").spec
    assert spec.security_opt == ("no-new-privileges:true", "seccomp=unconfined")


def test_shared_memory_stays_below_half_the_machine(launch):
    """On a small machine it is less; where /dev/shm is the host's, none is asked for."""
    assert launch("image: x\n", DOCKER._replace(memory=2 << 30)).spec.shm_size == 1 << 30
    assert launch("image: x\nipc: host\n").spec.shm_size is None


def test_params_fill_command_and_environment(launch):
    """Given ones first, then defaults; spelled as typed by their type; before variables of the environment."""
    text = """\
image: x
command: [train, "--lr=${lr}", "--epochs", "${epochs}", "$${HOME}", "${UNSET:-none}", "${debug}"]
environment: {LR: "${lr}", WHO: "${WHO}"}
params: {lr: 1e-3, epochs: {default: 5, min: 1, max: 9}, debug: false}
"""
    done = launch(text, caller={"lr": "7", "WHO": "me"}, params={"epochs": " 7 "})
    assert done.spec.command == ("train", "--lr=0.001", "--epochs", "7", "${HOME}", "none", "false")
    assert done.spec.environment["LR"] == "0.001"
    assert dict(done.params) == {"lr": 0.001, "epochs": 7, "debug": False}
    assert dict(done.overrides) == {"epochs": 7}
    assert done.spec.environment["MLTUI_PARAMS"] == '{"lr": 0.001, "epochs": 7, "debug": false}'


def test_params_without_a_number_in_json_are_json_all_the_same(launch):
    """Infinity is a text there, which every parser of numbers reads; in the command it is as it was."""
    done = launch("image: x\nparams: {clip: .inf, low: -.inf}\ncommand: ['${clip}']\n")
    assert done.spec.environment["MLTUI_PARAMS"] == '{"clip": "Infinity", "low": "-Infinity"}'
    assert done.spec.labels["mltui.params"] == done.spec.environment["MLTUI_PARAMS"]
    assert done.spec.command == ("inf",)


def test_params_fill_everything_else_too(launch):
    """A parameter may be a tag, a size, a number of CPUs; its value is checked where it lands."""
    text = "image: x:${tag}\nparams: {tag: '1', shm: 2g}\nshm_size: ${shm}\n"
    spec = launch(text, params={"tag": "2", "shm": "64m"}).spec
    assert (spec.image, spec.shm_size) == ("x:2", 64 << 20)
    with pytest.raises(ProfileError, match="3:11: shm_size: expected a size"):
        launch(text, params={"shm": "much"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"epoch": "1"}, "demo has no parameter 'epoch'. Did you mean epochs?"),
        ({"zzz": "1"}, "demo has no parameter 'zzz'. It has: epochs, opt, data."),
        ({"epochs": "many"}, "epochs: expected a whole number, found 'many'. Passes"),
        ({"epochs": "0"}, "epochs: expected a whole number of at least 1, found '0'. Passes"),
        ({"data": "a\0b"}, "data: expected text, found bytes that are none: 'a\\x00b'."),
        ({"data": "a\udcff"}, "data: expected text, found bytes that are none: 'a\\udcff'."),
        ({"opt": "adm"}, "opt: expected one of adam, sgd, found 'adm'."),
        ({}, "Parameter data of demo has no value. Give it one: --set data=…"),
    ],
)
def test_a_wrong_parameter_is_a_sentence(launch, given, message):
    """What was expected, what was found, and the parameter's own help."""
    text = """\
image: x
params: {epochs: {default: 5, min: 1, help: Passes}, opt: {choices: [adam, sgd], default: adam}, data: {type: str}}
"""
    with pytest.raises(UsageError) as caught:
        launch(text, params=given)
    assert str(caught.value) == message


def test_secrets_come_from_the_caller_and_are_not_shown(launch, tmp_path):
    """By name alone, under secrets, from a file, and where name or value says so."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / ".env").write_text('# mine\nexport FILE_VALUE="a b" # c\nPLAIN=x\nHF_HOME\n\n')
    text = """\
image: x
secrets: [WANDB_API_KEY]
env_file: .env
environment:
  HF_TOKEN:
  URL: postgres://me:${DB_PASSWORD}@db
  COPY: ${MINE}
  HOME_HERE: ${HOME}
  WITH_DEFAULT: ${NOT_SET:-5}
  MAX_TOKENS: 512
  PLAIN: public
"""
    caller = {
        "HF_TOKEN": "t1",
        "WANDB_API_KEY": "t2",
        "DB_PASSWORD": "t3",
        "MINE": "t4",
        "HOME": "/home/me",
        "HF_HOME": "/hf",
    }
    spec = launch(text, caller=caller).spec
    assert spec.secrets == {"WANDB_API_KEY", "HF_TOKEN", "URL", "COPY", "FILE_VALUE", "HF_HOME"}
    assert spec.environment["URL"] == "postgres://me:t3@db"
    assert (spec.environment["FILE_VALUE"], spec.environment["HF_HOME"]) == ("a b", "/hf")
    assert (spec.environment["PLAIN"], spec.environment["WITH_DEFAULT"]) == ("public", "5")
    shown = docker_command(spec)
    assert not any(value in shown for value in ("t1", "t2", "t3", "t4", "a b"))


def test_a_value_built_around_a_declared_secret_is_a_secret(launch):
    """Whatever it is called; a value without the secret stays open."""
    text = 'image: x\nsecrets: [DEMO_LOGIN]\nenvironment:\n  LOGIN: "user:${DEMO_LOGIN}"\n  OPEN: "user:${NAME}"\n'
    spec = launch(text, caller={"DEMO_LOGIN": "hunter2", "NAME": "me"}).spec
    assert spec.secrets == {"DEMO_LOGIN", "LOGIN"}
    assert "hunter2" not in docker_command(spec)


def test_a_secret_that_is_not_set_is_a_sentence(launch):
    """With its place in the file, and all of them at once."""
    with pytest.raises(ProfileError) as caught:
        launch("image: x\nsecrets: [A_KEY]\nenvironment:\n  - B=1\n  - TOKEN\nenv_file: none.env\n")
    assert problems(caught) == [
        "2:11: secrets.0: A_KEY is taken from your environment and is not set there: export A_KEY",
        "5:5: environment.TOKEN: TOKEN is taken from your environment and is not set there: export TOKEN",
        "6:11: env_file.0: none.env cannot be read: No such file or directory",
    ]


def test_files_and_variables_that_are_missing_are_said_together(launch):
    """At a launch; another machine's files are not looked at."""
    text = 'image: x\nvolumes: ["${NOT_SET}:/a", ./gone:/b]\nenv_file: none.env\ncommand: ["${NOR_THIS}"]\n'
    with pytest.raises(ProfileError) as caught:
        launch(text)
    paths = ["volumes.0", "volumes.1", "env_file.0", "command.0"]
    assert [problem.path for problem in caught.value.problems] == paths
    with pytest.raises(ProfileError) as caught:
        launch(text, REMOTE)
    assert [problem.path for problem in caught.value.problems] == ["volumes.0", "command.0"]


@pytest.mark.parametrize(
    "line",
    ["command: [curl, -H, '${HF_TOKEN}']", "labels: {a: '${MINE}'}", "build: {context: ., args: {T: '${HF_TOKEN}'}}"],
)
def test_a_secret_is_refused_where_it_would_be_seen(launch, line):
    """Command, labels and build arguments are shown and kept by the engine."""
    with pytest.raises(ProfileError, match="would be seen here"):
        launch(f"image: x\nsecrets: [MINE]\n{line}\n", caller={"HF_TOKEN": "t", "MINE": "m"})


def test_a_callers_value_that_gives_itself_away_is_a_secret(launch):
    """A token or an address with a password, whatever the variable is called: hidden, or refused where it is seen."""
    caller = {"INDEX": "https://ada:s3cret@host/simple", "THING": f"hf_{'aB3' * 12}", "PLAIN": "https://host/simple"}
    text = "image: x\nenvironment:\n" + "".join(f'  {name}_ARGS: "-i ${{{name}}}"\n' for name in caller)
    spec = launch(text, caller=caller).spec
    assert spec.secrets == {"INDEX_ARGS", "THING_ARGS"}
    shown = docker_command(spec)
    assert "s3cret" not in shown
    assert caller["THING"] not in shown
    for name in ("INDEX", "THING"):
        with pytest.raises(ProfileError, match=f"the secret {name} would be seen here"):
            launch(f'image: x\ncommand: [pip, -i, "${{{name}}}"]\n', caller=caller)
    assert launch('image: x\ncommand: [pip, -i, "${PLAIN}"]\n', caller=caller).spec.command[-1] == caller["PLAIN"]


@pytest.mark.parametrize("args", ["[HF_TOKEN]", "{HF_TOKEN: }", "[HF_TOKEN=written]", "{HF_TOKEN: written}", "[MINE]"])
def test_a_secret_is_no_argument_of_a_build(launch, args, tmp_path):
    """Written out or taken from the caller, in both of Compose's forms: the image's history would have it."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "Dockerfile").touch()
    text = f"image: x\nsecrets: [MINE]\nbuild: {{context: ., args: {args}}}\n"
    with pytest.raises(ProfileError) as caught:
        launch(text, caller={"HF_TOKEN": "t", "MINE": "m"})
    (problem,) = caught.value.problems
    assert problem.line == 3
    assert problem.message.endswith("would be kept in the image: name it under environment and read it there")


def test_the_callers_value_of_a_build_argument_is_in_no_line(launch, tmp_path):
    """It reaches the build; the line to show, which is kept, has the name."""
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/Dockerfile").write_text("FROM scratch\n")
    spec = launch("build: {context: ., args: [PROXY, A=1]}\n", caller={"PROXY": "http://me:hunter2@proxy"}).spec
    assert spec.build is not None
    assert spec.build.args == {"PROXY": "http://me:hunter2@proxy", "A": "1"}
    assert "--build-arg PROXY \\\n  --build-arg A=1 \\" in docker_command(spec)
    assert "hunter2" not in docker_command(spec)


def test_what_shows_only_at_the_launch_has_its_place_too(launch):
    """Variables that are not set, folders that are not there, a Dockerfile that is missing."""
    with pytest.raises(ProfileError) as caught:
        launch("image: ${REGISTRY}/x\ncommand: [a, '${B:?say which}']\n")
    assert problems(caught) == [
        "1:8: image: ${REGISTRY} is not set: export REGISTRY, or write ${REGISTRY:-default}",
        "2:14: command.1: ${B} is not set: say which",
    ]
    with pytest.raises(ProfileError) as caught:
        launch("build: .\nvolumes: [./data:/data, cache:/cache]\nrequirements: req.txt\n")
    assert [problem.split(" ")[1] for problem in problems(caught)] == ["build:", "volumes.0:", "requirements:"]


def test_relative_paths_start_at_the_profile(launch, tmp_path):
    """Whatever the caller's folder is."""
    for name in ("demo/docker", "demo/data", "common"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "demo/docker/Dockerfile.gpu").write_text("FROM scratch\n")
    (tmp_path / "demo/requirements.txt").write_text("numpy\n")
    text = """\
build: {context: docker, dockerfile: Dockerfile.gpu, args: [A=1, FROM_ME, NOT_SET], target: t, network: host}
volumes: [./data:/data:ro, ../common:/common, cache:/cache, {type: tmpfs, target: /t, tmpfs: {size: 1m}}]
tmpfs: /run:size=2m
"""
    spec = launch(text, caller={"FROM_ME": "2"}).spec
    assert dataclasses.astuple(spec.build) == (
        str(tmp_path / "demo/docker"), "Dockerfile.gpu", {"A": "1", "FROM_ME": "2"}, "t", "host", {"FROM_ME"},
    )  # fmt: skip
    assert spec.image == "mltui/demo"
    assert spec.requirements == str(tmp_path / "demo/requirements.txt")
    assert spec.mounts[1:] == (
        Mount("/data", str(tmp_path / "demo/data"), read_only=True),
        Mount("/common", str(tmp_path / "common")),
        Mount("/cache", "cache", MountType.VOLUME),
        Mount("/t", "", MountType.TMPFS, size=1 << 20),
        Mount("/run", "", MountType.TMPFS, size=2 << 20),
    )


def test_outputs_by_name(launch, tmp_path):
    """Folders that a script writes to by itself are kept beside the outputs."""
    spec = launch("image: x\noutputs: {checkpoints: /app/ckpt}\n").spec
    assert spec.outputs == "/outputs"
    assert spec.mounts[:2] == (
        Mount("/outputs", str(tmp_path / "outputs")),
        Mount("/app/ckpt", str(tmp_path / "outputs/checkpoints")),
    )
    assert output_folders(spec) == (tmp_path / "outputs", tmp_path / "outputs/checkpoints")


def test_a_mount_of_ones_own_is_the_outputs(launch, tmp_path):
    """Who mounts a folder there means that folder."""
    (tmp_path / "demo" / "results").mkdir(parents=True)
    spec = launch("image: x\nvolumes: [./results:/outputs]\n").spec
    assert [mount.source for mount in spec.mounts if mount.target == "/outputs"] == [str(tmp_path / "demo/results")]
    assert spec.outputs_host == str(tmp_path / "demo/results")


def test_two_mounts_at_one_place(launch):
    """The engine would refuse it; so it is said before."""
    with pytest.raises(ProfileError, match=r"3:8: tmpfs.0: /a is mounted twice"):
        launch("image: x\nvolumes: [v:/a]\ntmpfs: /a\n")


def test_resources_of_both_forms(launch):
    """Compose's short keys and its deploy.resources say the same."""
    short = launch("image: x\ncpus: 1.5\nmem_limit: 2g\nmem_reservation: 1g\npids_limit: 99\n").spec.resources
    long = launch(
        "image: x\ndeploy: {resources: {limits: {cpus: 1.5, memory: 2g, pids: 99}, reservations: {memory: 1g}}}\n"
    ).spec.resources
    assert short == long
    assert (short.cpus, short.memory, short.memory_request, short.pids) == (1.5, 2 << 30, 1 << 30, 99)


@pytest.mark.parametrize(
    ("engine", "devices", "request_", "note"),
    [
        (DOCKER, (), GpuRequest(), "Docker Engine on box has no GPU: it runs on the CPU."),
        (
            DOCKER,
            (gpu(0),),
            GpuRequest(),
            "Docker Engine on box shows no way to give this machine's 1 GPU to a container: it runs on the CPU. "
            "Install nvidia-container-toolkit, or insist: set gpus to 1.",
        ),
        (WITH_GPUS, (), GpuRequest(count=1), ""),
        (WITH_GPUS, (gpu(0, 0.9), gpu(1)), GpuRequest(device_ids=("GPU-1",)),
         "GPU 1: 74.5 of 74.5 GiB free, nobody on it."),
        (WITH_GPUS, (gpu(0, utilization=1.0), gpu(1, 0.05)), GpuRequest(device_ids=("GPU-1",)),
         "GPU 1: 70.8 of 74.5 GiB free, nobody on it."),
        (WITH_GPUS, (gpu(0, error="GPU is lost"), gpu(1, 0.5)), GpuRequest(count=1),
         "No GPU is free: GPU 1 is held by somebody who is not seen here (37.3 of 74.5 GiB free). It waits in the "
         "queue."),
    ],
)  # fmt: skip
def test_auto_takes_a_free_gpu_or_the_cpu_and_says_so(launch, engine, devices, request_, note):
    """By UUID where the GPUs can be seen; where none is free the run waits for one."""
    done = launch("image: x\ngpus: auto\n", engine, gpu_uses=gpu_uses(devices, (), ()))
    assert done.spec.gpus == request_
    assert done.notes == ((note,) if note else ())
    assert done.gpus.awaits == (1 if "GPU 1" in note else 0)


@pytest.mark.parametrize(
    ("gpus", "request_", "awaits"),
    [
        ("2", GpuRequest(device_ids=("GPU-2", "GPU-0")), 2),
        ("3", GpuRequest(count=3), 3),
        ("0,1", GpuRequest(device_ids=("GPU-0", "GPU-1")), 0),
        ("GPU-2", GpuRequest(device_ids=("GPU-2",)), 0),
        ("all", GpuRequest(all=True), 0),
        ("none", GpuRequest(), 0),
    ],
)
def test_a_launch_chooses_other_gpus(launch, gpus, request_, awaits):
    """What is asked for at the launch wins; a number takes the freest or waits, an index is that GPU whoever is on
    it."""
    devices = (gpu(0, 0.05), gpu(1, 0.9), gpu(2))
    done = launch("image: x\ngpus: all\n", WITH_GPUS, gpu_uses=gpu_uses(devices, (), ()), **{"gpus": gpus})
    assert (done.spec.gpus, done.gpus.awaits) == (request_, awaits)
    assert done.overrides == {"gpus": gpus}
    if gpus in ("0,1", "all"):
        insists = "It insists on its GPUs: GPU 1 is held by somebody who is not seen here (7.45 of 74.5 GiB free)."
        assert done.notes == (insists,)
        assert done.gpus.held == (("GPU-0", "GPU-1") if gpus == "0,1" else ("GPU-0", "GPU-1", "GPU-2"))


def gpu_request_of(launch, text: str) -> GpuRequest:
    """What a profile asks of an engine whose GPUs cannot be seen."""
    return launch(text, WITH_GPUS).spec.gpus


def test_compose_reservations_are_gpu_requests(launch):
    """The form of Compose before the gpus key."""
    text = (
        "image: x\ndeploy: {resources: {reservations: {devices: [{driver: nvidia, count: 2, capabilities: [gpu]}]}}}\n"
    )
    assert gpu_request_of(launch, text) == GpuRequest(count=2)


def test_more_gpus_than_there_are(launch):
    """Said before anything is made; without a look at the GPUs the engine is asked."""
    with pytest.raises(GpuUnavailable, match="2 GPUs were asked for and the machine has 1"):
        launch("image: x\ngpus: 2\n", WITH_GPUS, gpu_uses=gpu_uses((gpu(0),), (), ()))
    assert gpu_request_of(launch, "image: x\ngpus: 2\n") == GpuRequest(count=2)


@pytest.mark.parametrize(
    ("gpus", "engine", "devices", "said"),
    [
        ("2", LOCAL, (), "This machine shows no GPU, and it asks for 2."),
        ("all", DOCKER, (), "Docker Engine on box shows no GPU, and it asks for all."),
        ("0,7", WITH_GPUS, (gpu(0),), "This machine has no GPU 7; it has 1."),
        ("none", WITH_GPUS, (gpu(0),), ""),
    ],
)
def test_gpus_that_are_not_to_be_seen_are_said_before_the_launch(launch, gpus, engine, devices, said):
    """With what to do; the engine has the last word, and what the run's record keeps is true if it starts."""
    done = launch("image: x\n", engine, gpu_uses=gpu_uses(devices, (), ()), **{"gpus": gpus})
    assert done.gpus.missing == bool(said)
    assert "".join(done.notes) == said
    assert "".join(done.warnings) == said + " It will hardly start. Set gpus to none to run it on the CPU." * bool(said)


@pytest.mark.parametrize("gpus", ["some", "-2", "0,x", ""])
def test_a_wrong_choice_of_gpus_is_a_sentence(launch, gpus):
    """With the forms that are right."""
    with pytest.raises(UsageError, match=r"--gpus: expected (auto, none, all|the index or the UUID).*found"):
        launch("image: x\n", **{"gpus": gpus})


@pytest.mark.parametrize("gpus", ["0", " 00 "])
def test_a_lone_0_is_not_taken_for_a_number_of_gpus(launch, gpus):
    """Who means the GPU with the index 0 is not to train on the CPU."""
    with pytest.raises(UsageError, match="say none, or device=0"):
        launch("image: x\n", **{"gpus": gpus})


def test_a_local_process_keeps_its_own_home_and_user(launch, tmp_path):
    """It is the caller's already; what it would be as a container is the same launch, and the same line."""
    text = "image: x\nvolumes: [cache:/cache]\n"
    spec, contained = launch(text, LOCAL).spec, launch(text, DOCKER).spec
    assert "HOME" not in spec.environment
    assert [mount.target for mount in spec.mounts] == ["/outputs", "/cache"]
    created = {"mltui.created": "0"}
    line, other = (
        docker_command(dataclasses.replace(one, labels={**one.labels, **created})) for one in (spec, contained)
    )
    assert line == other
    assert all(option in line for option in ("--user 1000:100", "-e HOME=/home/mltui", "--tmpfs /home/mltui:"))
    assert launch("image: x\ngpus: auto\n", LOCAL).notes == ("This machine has no GPU: it runs on the CPU.",)


def test_an_engine_on_another_machine(launch):
    """Outputs go to a volume there, ids and relative paths of this machine mean nothing."""
    spec = launch("image: x\nvolumes: [/data:/data]\n", REMOTE).spec
    assert spec.mounts == (Mount("/outputs", "mltui-abcd2345", MountType.VOLUME), Mount("/data", "/data"))
    assert (spec.user, spec.outputs_host) == ("", "")
    with pytest.raises(ProfileError, match="gpu-box is another machine: give a path of its own"):
        launch("image: x\nvolumes: [./data:/data]\n", REMOTE)


def test_root_of_a_rootless_engine_is_the_caller(launch):
    """So that outputs belong to the caller outside."""
    assert launch("image: x\n", DOCKER._replace(details={"rootless": "yes"})).spec.user == "0:0"


def test_the_local_engine_needs_no_image(launch):
    """But another engine does, whatever the profile prefers."""
    text = "engine: local\ncommand: [train]\n"
    assert launch(text, LOCAL).spec.command == ("train",)
    with pytest.raises(ProfileError, match="image or build is missing: this engine runs images"):
        launch(text)


def test_metrics_of_the_profile(launch, tmp_path):
    """None where the reader is left to itself; a pattern without a metric is refused with its place."""
    path = tmp_path / "profile.yaml"
    path.write_text("image: x\n")
    assert metric_config(load_profile(path)) is None
    path.write_text("image: x\nmetrics: {patterns: 'L=(?P<loss>.*)', drop: [lr], x: step}\n")
    config = metric_config(load_profile(path))
    assert config is not None
    assert (config.patterns, config.drop, config.x) == (("L=(?P<loss>.*)",), ("lr",), "step")
    path.write_text("image: x\nmetrics:\n  patterns:\n  - loss\n")
    with pytest.raises(ProfileError, match=r"4:5: metrics.patterns.0: needs a named group"):
        metric_config(load_profile(path))


def test_a_launch_leaves_no_trace_of_the_profile(launch, tmp_path):
    """Resolving makes nothing on disk."""
    before = sorted(tmp_path.rglob("*"))
    launch("image: x\noutputs: {a: /a}\n")
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == [
        Path(tmp_path / "demo"),
        Path(tmp_path / "demo/profile.yaml"),
    ]
