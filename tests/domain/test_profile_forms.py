"""Every short and long form of Compose's keys, read into one."""

import pytest

from mltui.domain.launch import GpuRequest, MountType, Port
from mltui.domain.profile import Profile
from mltui.domain.profile_check import check


def read(**keys) -> Profile:
    """The profile of these keys."""
    profile, faults, _ = check({"image": "busybox", **keys})
    assert profile is not None, faults
    return profile


def faults_of(**keys) -> dict[str, str]:
    """What is wrong with these keys: path → message."""
    profile, faults, _ = check({"image": "busybox", **keys})
    assert profile is None
    return {".".join(map(str, fault.path)): fault.message for fault in faults}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("python train.py --name 'two words'", ("python", "train.py", "--name", "two words")),
        (["python", "train.py", 5, 1.5, True], ("python", "train.py", "5", "1.5", "true")),
        ([], ()),
        ("", ()),
        (None, None),
    ],
)
def test_commands_are_words(written, words):
    """A line is split as a shell splits it; a list is taken as it is."""
    assert read(command=written).command == words
    assert read(entrypoint=written).entrypoint == words


@pytest.mark.parametrize(
    ("written", "values"),
    [
        ({"A": 1, "B": True, "C": None, "D": "x=y"}, {"A": "1", "B": "true", "C": None, "D": "x=y"}),
        (["A=1", "B=true", "C", "D=x=y"], {"A": "1", "B": "true", "C": None, "D": "x=y"}),
        (["EMPTY="], {"EMPTY": ""}),
    ],
)
def test_environment_is_a_map_or_a_list(written, values):
    """Both forms say the same; a name alone has no value."""
    assert read(environment=written).environment == values
    assert read(labels=written).labels == values
    assert read(build={"args": written}).build.args == values


@pytest.mark.parametrize(
    ("written", "ports"),
    [
        (8080, (Port(8080),)),
        ("8080", (Port(8080),)),
        ("80:8080", (Port(8080, 80),)),
        ("127.0.0.1:80:8080", (Port(8080, 80),)),
        ("0.0.0.0:80:8080", (Port(8080, 80, "0.0.0.0"),)),
        ("127.0.0.1::8080", (Port(8080),)),
        ("[::1]:80:8080/udp", (Port(8080, 80, "::1", "udp"),)),
        ("6006-6007:6006-6007", (Port(6006, 6006), Port(6007, 6007))),
        ("3000-3001", (Port(3000), Port(3001))),
        ({"target": 80, "published": "8080", "protocol": "tcp", "mode": "host"}, (Port(80, 8080),)),
        ({"target": 80, "host_ip": "0.0.0.0", "published": 8080}, (Port(80, 8080, "0.0.0.0"),)),
        ({"target": 80}, (Port(80),)),
    ],
)
def test_ports(written, ports):
    """Short and long; an address that is not given is 127.0.0.1."""
    (entry,) = read(ports=[written]).ports
    assert entry.expand() == ports


@pytest.mark.parametrize(
    ("written", "type_", "source", "target", "read_only"),
    [
        ("./data:/data", "bind", "./data", "/data", False),
        ("/a/b:/data:ro", "bind", "/a/b", "/data", True),
        ("~/x:/x:rw", "bind", "~/x", "/x", False),
        ("../x:/x:cached", "bind", "../x", "/x", False),
        (".:/x", "bind", ".", "/x", False),
        ("cache:/root/.cache", "volume", "cache", "/root/.cache", False),
        ("/anonymous", "volume", "", "/anonymous", False),
        ({"type": "bind", "source": "./a", "target": "/a", "read_only": True}, "bind", "./a", "/a", True),
        ({"type": "volume", "source": "v", "target": "/v"}, "volume", "v", "/v", False),
        ({"type": "tmpfs", "target": "/t", "tmpfs": {"size": "64m"}}, "tmpfs", "", "/t", False),
    ],
)
def test_volumes(written, type_, source, target, read_only):
    """Short and long; a path is a bind mount, a name is a volume."""
    (entry,) = read(volumes=[written]).volumes
    assert (entry.type, entry.source, entry.target, entry.read_only) == (MountType(type_), source, target, read_only)


@pytest.mark.parametrize(
    ("written", "request_"),
    [
        ("all", GpuRequest(all=True)),
        (2, GpuRequest(count=2)),
        ("2", GpuRequest(count=2)),
        (0, GpuRequest()),
        (-1, GpuRequest(all=True)),
        ("none", GpuRequest()),
        ("0,1", GpuRequest(device_ids=("0", "1"))),
        ([0, 1], GpuRequest(device_ids=("0", "1"))),
        (["GPU-1a2b"], GpuRequest(device_ids=("GPU-1a2b",))),
        ("device=GPU-1a,1", GpuRequest(device_ids=("GPU-1a", "1"))),
        ([{"driver": "nvidia", "count": 1}], GpuRequest(count=1)),
        ([{"count": "all"}], GpuRequest(all=True)),
        ([{"driver": "nvidia"}], GpuRequest(all=True)),
        ([{"device_ids": ["0", "3"]}], GpuRequest(device_ids=("0", "3"))),
        ([{"count": 1, "capabilities": ["gpu", "utility"]}], GpuRequest(count=1, capabilities=("gpu", "utility"))),
    ],
)
def test_gpus(written, request_):
    """Compose's forms, Docker's, and a plain number or list."""
    assert read(gpus=written).gpus.request == request_


def test_gpus_auto_is_a_wish():
    """auto asks for nothing yet: what there is decides."""
    gpus = read(gpus="auto").gpus
    assert gpus.auto
    assert not gpus.request


def test_deploy_reserves_gpus_and_resources():
    """Compose's deploy.resources, with Compose's and Kubernetes' units."""
    reserved = {"cpus": "500m", "memory": "1Gi", "devices": [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]}
    profile = read(
        deploy={"resources": {"limits": {"cpus": "1.5", "memory": "2g", "pids": 99}, "reservations": reserved}}
    )
    resources = profile.deploy.resources
    assert (resources.limits.cpus, resources.limits.memory, resources.limits.pids) == (1.5, 2 << 30, 99)
    assert (resources.reservations.cpus, resources.reservations.memory) == (0.5, 1 << 30)
    assert resources.reservations.devices[0].request() == GpuRequest(count=1)


def test_one_or_many():
    """Where Compose takes a value or a list, so does the profile."""
    assert [entry.target for entry in read(tmpfs="/run").tmpfs] == ["/run"]
    assert [(entry.target, entry.size) for entry in read(tmpfs=["/run:size=64m,mode=1777"]).tmpfs] == [
        ("/run", 64 << 20)
    ]
    assert [entry.path for entry in read(env_file=".env").env_file] == [".env"]
    assert [entry.required for entry in read(env_file=[{"path": "a", "required": False}, "b"]).env_file] == [
        False,
        True,
    ]
    assert read(build="./docker").build.context == "./docker"
    assert read(tags="one").tags == ("one",)
    assert (
        read(extra_hosts={"db": "10.0.0.1"}).extra_hosts
        == read(extra_hosts=["db=10.0.0.1"]).extra_hosts
        == ("db:10.0.0.1",)
    )
    limits = read(ulimits={"nofile": 1024, "stack": {"soft": 1, "hard": 2}}).ulimits
    assert (limits["nofile"].hard, limits["stack"].soft, limits["stack"].hard) == (1024, 1, 2)
    assert str(read(devices=["/dev/fuse"]).devices[0]) == "/dev/fuse:/dev/fuse:rwm"
    assert str(read(devices=["/dev/a:/dev/b:r"]).devices[0]) == "/dev/a:/dev/b:r"


@pytest.mark.parametrize(
    ("written", "type_", "value"),
    [
        (5, "int", 5),
        (0.1, "float", 0.1),
        (True, "bool", True),
        ("adam", "str", "adam"),
        ({"default": 5}, "int", 5),
        ({"type": "float", "default": 1}, "float", 1.0),
        ({"choices": ["a", "b"]}, "str", None),
        ({"type": "int"}, "int", None),
        ({"choices": [16, 32], "default": 32}, "int", 32),
        ({"type": "str", "default": 7}, "str", "7"),
    ],
)
def test_params_have_a_type(written, type_, value):
    """The type follows from the default, or is said."""
    param = read(params={"p": written}).params["p"]
    assert (param.type, param.value) == (type_, value)
    assert type(param.value) is type(value)


@pytest.mark.parametrize(
    ("keys", "path", "message"),
    [
        ({"ports": ["70000"]}, "ports.0", "from 1 to 65535"),
        ({"ports": ["1-3:1-2"]}, "ports.0", "different lengths"),
        ({"ports": ["a:b"]}, "ports.0", "expected a port such as"),
        ({"ports": "80"}, "ports", "expected a list"),
        ({"ports": [{"target": 80, "protocol": "tpc"}]}, "ports.0.protocol", "did you mean tcp"),
        ({"volumes": ["a:b:c:d"]}, "volumes.0", "SOURCE:TARGET"),
        ({"volumes": ["./a:data"]}, "volumes.0", "must be absolute"),
        ({"volumes": ["./a:/a:x"]}, "volumes.0", "ro or rw, found 'x'"),
        ({"volumes": [{"type": "bind", "target": "/a"}]}, "volumes.0", "needs a source"),
        ({"volumes": [{"type": "bid", "source": "a", "target": "/a"}]}, "volumes.0.type", "did you mean bind"),
        ({"volumes": [{"type": "volume"}]}, "volumes.0", "target is missing"),
        ({"environment": ["A=1", {"B": 1}]}, "environment.1", "NAME=value"),
        ({"environment": "A=1"}, "environment", "a mapping"),
        ({"environment": {"A": [1]}}, "environment.A", "expected text"),
        ({"shm_size": "2x"}, "shm_size", "expected a size"),
        ({"cpus": 0}, "cpus", "number of CPUs"),
        ({"init": "maybe"}, "init", "expected true or false"),
        ({"stop_grace_period": "5 days"}, "stop_grace_period", "expected a duration"),
        ({"gpus": "some"}, "gpus", "expected auto, none, all"),
        ({"gpus": "outo"}, "gpus", "found 'outo': did you mean auto?"),
        ({"gpus": ["auto"]}, "gpus", "index or the UUID"),
        ({"gpus": "device=x"}, "gpus", "index or the UUID"),
        ({"gpus": [0, "x"]}, "gpus.1", "index or the UUID"),
        ({"gpus": True}, "gpus", "expected auto, none, all"),
        ({"gpus": [{"count": 1, "driver": "amd"}]}, "gpus.0.driver", "nvidia"),
        ({"gpus": [{"count": 1, "device_ids": ["0"]}]}, "gpus.0", "exclude each other"),
        ({"gpus": [{"counts": 1}]}, "gpus.0.counts", "unknown key"),
        ({"gpus": -2}, "gpus", "expected auto, none, all"),
        ({"ulimits": {"nofile": "x"}}, "ulimits.nofile", "whole number"),
        ({"tmpfs": "/t:noexec"}, "tmpfs", "its size"),
        ({"command": "a 'b"}, "command", "cannot be split"),
        ({"command": {"a": 1}}, "command", "expected a list"),
        ({"pull_policy": "sometimes"}, "pull_policy", "expected 'missing'"),
        ({"outputs": "out"}, "outputs", "absolute path"),
        ({"outputs": {"../up": "/x"}}, "outputs.../up", "becomes a folder"),
        ({"name": "a b"}, "name", "letters, digits"),
        ({"working_dir": "{x}"}, "working_dir", "found '{x}'"),
        ({"outputs": ["/o"]}, "outputs", "several by name, such as {model: /model}, found a list"),
        ({"gpus": [{"capabilities": [["gpu"]]}]}, "gpus.0.capabilities.0", "expected text, found a list"),
        ({"working_dir": "code"}, "working_dir", "expected an absolute path in the container, found 'code'"),
        ({"ipc": "xipc"}, "ipc", "expected host, private, shareable, none or container:NAME, found 'xipc'"),
        ({"ipc": "service:db"}, "ipc", "a run is one container"),
        ({"pid": "zz"}, "pid", "expected host or container:NAME, found 'zz'"),
        ({"network_mode": "service:db"}, "network_mode", "a run is one container"),
        ({"stop_signal": "sigfoo"}, "stop_signal", "expected a signal such as SIGINT"),
        ({"hostname": "a b"}, "hostname", "a host name is letters"),
        ({"mem_limit": "1k"}, "mem_limit", "expected 6m or more, found 1k"),
        (
            {"deploy": {"resources": {"limits": {"memory": 16}}}},
            "deploy.resources.limits.memory",
            "6m or more, found 16",
        ),
        ({"metrics": {"patterns": ["(?P<loss"]}}, "metrics.patterns.0", "not a regular expression"),
        ({"metrics": {"patterns": ["(?P<a>a)", "loss (.*)"]}}, "metrics.patterns.1", "needs a named group"),
        ({"metrics": {"patterns": ["(?P<name>a) b"]}}, "metrics.patterns.0", "belong together"),
        ({"params": {"lr": {"default": "x", "type": "float"}}}, "params.lr.default", "expected a number, found 'x'"),
        ({"params": {"n": {"default": 9, "max": 5}}}, "params.n.default", "of at most 5, found '9'"),
        ({"params": {"n": {"default": 1, "min": 2, "max": 5}}}, "params.n.default", "from 2 to 5, found '1'"),
        ({"params": {"n": {"min": 3, "max": 2}}}, "params.n.min", "above the maximum"),
        ({"params": {"o": {"default": "c", "choices": ["a", "b"]}}}, "params.o.default", "one of a, b, found 'c'"),
        ({"params": {"n": {"default": 1, "mim": 2}}}, "params.n.mim", "did you mean min"),
        ({"params": {"a-b": 1}}, "params.a-b", "letters, digits and _"),
        ({"params": {"n": None}}, "params.n", "expected a default"),
        ({"params": {"n": [1, 2]}}, "params.n", "expected a default"),
        ({"params": {"gpus": 1}}, "params.gpus", "another name"),
        ({"gpu": "all"}, "gpu", "did you mean gpus?"),
        ({"enviroment": {}}, "enviroment", "did you mean environment?"),
        ({"zzz": 1}, "zzz", "unknown key"),
        ({"restart": "always"}, "restart", "a run is one execution"),
        ({"sysctls": {"a": 1}}, "sysctls", "Compose's sysctls has no place in a profile"),
        ({"build": {"contxt": "."}}, "build.contxt", "did you mean context?"),
        ({"deploy": {"resources": {"limits": {"mem": "1g"}}}}, "deploy.resources.limits.mem", "did you mean memory?"),
        ({"deploy": {"replicas": 2}}, "deploy.replicas", "known here: resources"),
        (
            {"deploy": {"resources": {"reservations": {"devices": [{"count": 1}]}}}},
            "deploy.resources.reservations.devices.0",
            "capabilities: [gpu]",
        ),
        (
            {"deploy": {"resources": {"limits": {"memory": "1g"}, "reservations": {"memory": "2g"}}}},
            "deploy.resources.reservations.memory",
            "above its limit",
        ),
        (
            {"cpus": 1, "deploy": {"resources": {"reservations": {"cpus": 2}}}},
            "deploy.resources.reservations.cpus",
            "above its limit",
        ),
        ({"mem_limit": "1g", "mem_reservation": "1536m"}, "mem_reservation", "memory, 1536m, is above its limit, 1g"),
        ({"mem_limit": "1g", "deploy": {"resources": {"limits": {"memory": "2g"}}}}, "mem_limit", "write it once"),
        (
            {"mem_reservation": "1g", "deploy": {"resources": {"reservations": {"memory": "2g"}}}},
            "mem_reservation",
            "write it once",
        ),
        (
            {"gpus": 1, "deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["gpu"]}]}}}},
            "gpus",
            "write it once",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(keys, path, message):
    """One sentence at the path of the fault, with what was expected."""
    found = faults_of(**keys)
    assert list(found) == [path]
    assert message in found[path]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ipc", "container:a"), ("ipc", "none"), ("pid", "host"), ("stop_signal", "int"), ("stop_signal", 9),
        ("stop_signal", "SIGRTMIN+3"), ("network_mode", "container:a"), ("network_mode", "my-net"), ("hostname", "a.b"),
        ("working_dir", ""), ("mem_limit", "6m"),
    ],
)  # fmt: skip
def test_what_an_engine_takes_is_taken(key, value):
    """Beside the usual words: containers, networks, signals by number and without SIG."""
    read(**{key: value})


def test_every_fault_at_once():
    """Nothing hides behind something else."""
    assert set(
        faults_of(ports=["x"], shm_size="y", gpuz=1, init=3, volumes=[{"target": "/a", "source": "b", "x": 1}])
    ) == {
        "ports.0",
        "shm_size",
        "gpuz",
        "init",
        "volumes.0.x",
    }


def test_what_is_sound_is_looked_at_beside_what_is_not():
    """Fields that are wrong together are told beside those that are wrong by themselves, and so is every name of a
    mapping and every entry of a list; what depends on something that is not sound is not."""
    found = faults_of(
        volumez=["x"],
        mem_limit="1g",
        mem_reservation="4g",
        volumes=["./a:/a", "a:b:c:d", "./b:/a", "./c:/c"],
        params={"1a": 1, "2b": 2, "n": {"mim": 1}, "password": "x"},
        environment={"=": "x", "B=": "x", "C": [1]},
        secrets=["D", "E=", "F="],
        ulimits={"nofile": {}},
        cpus=8,
        deploy={"resources": {"limits": {"memory": "2g", "cpuz": 4}, "reservations": {"cpus": "x"}}},
    )
    together = {
        "mem_reservation": "the request for memory, 4g, is above its limit, 1g",
        "volumes.2": "/a is mounted twice",
        "mem_limit": "deploy.resources.limits.memory says something else: write it once",
    }
    assert {path: found.get(path) for path in together} == together
    assert set(found) - set(together) == {
        "volumez", "volumes.1", "params.1a", "params.2b", "params.n.mim", "params.password", "environment.=",
        "environment.B=", "environment.C", "secrets.1", "secrets.2", "ulimits.nofile",
        "deploy.resources.limits.cpuz", "deploy.resources.reservations.cpus",
    }  # fmt: skip
    assert set(faults_of(gpus=[{"count": "x", "capabilites": ["gpu"]}])) == {"gpus.0.count", "gpus.0.capabilites"}
    _, faults, _ = check({"image": "a", "ulimits": {"nofile": {}}})
    assert [fault.message for fault in faults] == ["soft is missing", "hard is missing"]


def test_a_key_with_nothing_behind_it_has_its_default():
    """As while one is still writing."""
    profile = read(params=None, command=None, shm_size=None, volumes=None, build={"context": ".", "args": None})
    assert profile == read(build=".")
    assert faults_of(nothing=None) == {"nothing": "unknown key; no key of a profile is like it"}


def test_extensions_are_left_alone():
    """Compose's x- keys are nobody's business."""
    assert read(**{"x-common": {"a": 1}, "build": {"context": ".", "x-note": 1}}).image == "busybox"


def test_an_image_or_a_build_is_needed():
    """But for the local engine, which runs no images."""
    assert check({"command": "true"})[1][0].message.startswith("image or build is missing")
    assert check({"command": "true", "engine": "local"})[0] is not None
