"""A pasted ``docker run`` line as a profile."""

import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mltui.domain.docker_run import import_line
from mltui.domain.import_remarks import Change
from mltui.domain.shell_words import split_line


def data_of(options: str) -> dict:
    """The keys that these options become."""
    done = import_line(f"docker run {options} image:1")
    return {key: value for key, value in done.data.items() if key != "image"}


def remarks(line: str, change=Change.LEFT_OUT) -> list[str]:
    """What is said of a line, without the defaults."""
    return [".".join(map(str, remark.path)) for remark in import_line(line).remarks if remark.change is change]


@pytest.mark.parametrize(
    ("options", "data"),
    [
        ("--gpus all", {"gpus": "all"}),
        ("--gpus=2", {"gpus": "2"}),
        ("--gpus device=0", {"gpus": ["0"]}),
        ("""--gpus '"device=0,1"'""", {"gpus": ["0", "1"]}),
        ("--gpus device=0,1", {"gpus": ["0", "1"]}),
        (r"""--gpus \"device=GPU-1a,GPU-2b\"""", {"gpus": ["GPU-1a", "GPU-2b"]}),
        (
            """--gpus 'all,"capabilities=compute,utility"'""",
            {"gpus": [{"count": "all", "capabilities": ["gpu", "compute", "utility"]}]},
        ),
        ("--gpus count=2,driver=nvidia", {"gpus": [{"count": "2", "driver": "nvidia"}]}),
        ("-v ./a:/a:ro --volume cache:/c -v=/d:/d", {"volumes": ["./a:/a:ro", "cache:/c", "/d:/d"]}),
        ("-v $PWD:/w -v $(pwd)/x:/x -v `pwd`:/y -v ${PWD}/z:/z", {"volumes": [".:/w", "./x:/x", ".:/y", "./z:/z"]}),
        ("""-v "$HOME/data":/data -v ~/m:/m""", {"volumes": ["${HOME}/data:/data", "~/m:/m"]}),
        (
            "--mount type=bind,src=$(pwd)/x,dst=/x,readonly",
            {"volumes": [{"type": "bind", "source": "./x", "target": "/x", "read_only": True}]},
        ),
        ("--mount source=v,target=/v", {"volumes": [{"type": "volume", "source": "v", "target": "/v"}]}),
        (
            "--mount type=tmpfs,destination=/t,tmpfs-size=1g",
            {"volumes": [{"type": "tmpfs", "target": "/t", "tmpfs": {"size": "1g"}}]},
        ),
        ("-e A=1 --env B -eC=3 --env=D=4", {"environment": ["A=1", "B", "C=3", "D=4"]}),
        ("""-e A="two words" -e 'B=$X' -e C=$X""", {"environment": ["A=two words", "B=$$X", "C=${X}"]}),
        ("--env-file .env --env-file=b.env", {"env_file": [".env", "b.env"]}),
        ("-p 80:80 -p127.0.0.1:81:81/udp --publish 82", {"ports": ["80:80", "127.0.0.1:81:81/udp", "82"]}),
        ("--shm-size 8g --ipc=host --pid host", {"shm_size": "8g", "ipc": "host", "pid": "host"}),
        (
            "--ulimit memlock=-1 --ulimit nofile=1:2",
            {"ulimits": {"memlock": "-1", "nofile": {"soft": "1", "hard": "2"}}},
        ),
        ("--cap-add=SYS_PTRACE --cap-drop ALL", {"cap_add": ["SYS_PTRACE"], "cap_drop": ["ALL"]}),
        (
            "--security-opt seccomp=unconfined --privileged",
            {"security_opt": ["seccomp=unconfined"], "privileged": True},
        ),
        ("-t --init", {"tty": True, "init": True}),
        ("--init=false --tty=false", {"init": False}),
        (
            "-w /w -u 1:2 -h box --runtime nvidia",
            {"working_dir": "/w", "user": "1:2", "hostname": "box", "runtime": "nvidia"},
        ),
        ("--net=host", {"network_mode": "host"}),
        ("--network name=lab,ip=10.0.0.2", {"network_mode": "lab"}),
        ("-m 8g --memory-reservation 4g --cpus 2.5", {"mem_limit": "8g", "mem_reservation": "4g", "cpus": "2.5"}),
        ("-c 2048", {"deploy": {"resources": {"reservations": {"cpus": "2"}}}}),
        ("--pids-limit 100 --read-only --tmpfs /t", {"pids_limit": "100", "read_only": True, "tmpfs": ["/t"]}),
        ("--device /dev/fuse --group-add video", {"devices": ["/dev/fuse"], "group_add": ["video"]}),
        ("--add-host a:1.2.3.4 -l x=y --label z", {"extra_hosts": ["a:1.2.3.4"], "labels": ["x=y", "z"]}),
        ("--log-driver local", {"logging": {"driver": "local"}}),
        ("--log-opt max-size=1m", {"logging": {"driver": "json-file", "options": {"max-size": "1m"}}}),
        ("--stop-timeout 60 --stop-signal SIGINT", {"stop_grace_period": "60s", "stop_signal": "SIGINT"}),
        ("--pull always --entrypoint bash", {"pull_policy": "always", "entrypoint": ["bash"]}),
        ("--entrypoint ''", {"entrypoint": []}),
        ("-itd --rm", {"tty": True}),
    ],
)
def test_options_become_keys(options, data):
    """Every way to write an option, with its value behind it, behind = or stuck to its letter."""
    assert data_of(options) == data


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("docker run img python train.py --lr=0.1 -v", ["python", "train.py", "--lr=0.1", "-v"]),
        ("docker run -- img --help", ["--help"]),
        (
            "docker run img bash -c 'cd /w && python $X | tee \"a b\"'",
            ["bash", "-c", 'cd /w && python $$X | tee "a b"'],
        ),
        ('docker run img sh -c "echo $LR \\$LR"', ["sh", "-c", "echo ${LR} $$LR"]),
        ("docker run \\\n  --gpus all \\\n  img \\\n  python train.py\n", ["python", "train.py"]),
        ("# start it\n\n  docker run img a # not this\nls", ["a"]),
        ("docker run img a > log.txt 2>&1", ["a"]),
        ("docker run img a 2>&1 | tee log", ["a"]),
        ("docker run img a && echo done", ["a"]),
        ("docker run img a;ls", ["a"]),
        ("docker run img echo ${A:-b} 100%", ["echo", "${A:-b}", "100%"]),
    ],
)
def test_what_follows_the_image_is_the_command(line, command):
    """Up to where the shell's own begins; a variable in single quotes is the container's shell's."""
    assert import_line(line).data["command"] == command


@pytest.mark.parametrize(
    "line",
    [
        "$ docker run img",
        "sudo docker run img",
        "docker container run img",
        "podman run img",
        "/usr/bin/docker run img",
        "docker create img",
    ],
)
def test_ways_to_call_it(line):
    """A prompt, sudo, the long command, its relatives."""
    assert import_line(line).data == {"image": "img"}


def test_gpus_of_nvidias_runtime_are_not_lost_in_silence():
    """Its own command asks for all of them; the runtime alone is kept, and said not to be counted."""
    done = import_line("sudo nvidia-docker run img")
    assert done.data == {"image": "img", "gpus": "all"}
    assert [str(one) for one in done.remarks if one.change is Change.CHANGED] == ["nvidia-docker: is gpus: all"]
    assert (
        import_line("nvidia-docker run --gpus 1 img").data["gpus"]
        == import_line("docker run --gpus 1 img").data["gpus"]
    )
    done = import_line("docker run --runtime=nvidia -e NVIDIA_VISIBLE_DEVICES=1 img")
    assert done.data["runtime"] == "nvidia"
    (said,) = [one for one in done.remarks if one.path == ("runtime",)]
    assert (said.change, "gpus: all" in said.message) == (Change.DIFFERS, True)
    assert not [
        one for one in import_line("docker run --runtime=nvidia --gpus all img").remarks if "runtime" in one.path
    ]


def test_its_name_is_the_containers_or_the_images():
    """Without registry and tag."""
    assert import_line("docker run --name mine a/b:1").name == "mine"
    assert import_line("docker run registry.example:5000/a/b:1").name == "b"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("docker run -it --rm -d --name n img", ["--rm", "--detach", "--interactive", "--name"]),
        ("NV_GPU=0 docker run img", ["NV_GPU=0"]),
        ("docker run --restart always --cpuset-cpus 0-3 --dns 1.1.1.1 img", ["--restart", "--cpuset-cpus", "--dns"]),
        ("docker run --ip 10.0.0.2 --health-cmd true img", ["--ip 10.0.0.2", "--health-cmd true"]),
        ("docker run --made-up=1 img", ["--made-up=1"]),
        ("docker run -v $(date):/d img", ["--volume $(date):/d"]),
        ("docker --context far run img", ["--context far"]),
        ("docker run img a | tee log", ["| tee log"]),
        ("docker run --network a --network b img", ["--network b"]),
        ("docker run --mount type=bind,src=/a,dst=/a,bind-propagation=rslave img", ["--mount bind-propagation=rslave"]),
        ("docker run --annotation a=b img", ["--annotation a=b"]),
        ("docker run -v ./a:/a:z img", ["--volume.0.z"]),
        ("docker run --memory 1g --memory-swap 2g img", ["--memory-swap"]),
    ],
)
def test_what_has_no_place_is_said_by_its_option(line, said):
    """In the words of the line."""
    assert sorted(remarks(line)) == sorted(said)


@pytest.mark.parametrize(
    ("gpus", "count"), [("capabilities=utility", 1), ("driver=nvidia", 1), ("count=2,driver=nvidia", "2")]
)
def test_a_request_that_says_no_number_is_for_one_gpu(gpus, count):
    """As the docker command line has it."""
    assert data_of(f"--gpus {gpus}")["gpus"][0]["count"] == count


def test_the_caller_s_own_ids_are_what_a_run_has_anyway():
    """What only a shell could run is not taken for a name."""
    assert data_of("-u $(id -u):$(id -g)") == {}
    assert remarks("docker run -u $(id -u):$(id -g) img", Change.CHANGED) == ["--user $(id -u):$(id -g)"]


def test_a_named_volume_is_the_same_one():
    """Unlike Compose, docker run gives volumes the names that stand there."""
    assert "volumes.0" not in remarks("docker run -v cache:/c img", Change.DIFFERS)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("docker ps", "expected a line such as"),
        ("docker run", "names no image"),
        ("docker run -v", "--volume needs a value"),
        ("docker run -Z img", "no option -Z"),
        ("docker run --made-up one img", "no option --made-up"),
        ("docker compose run img", "expected a line such as"),
        ("docker run 'img", "a ' is not closed"),
        ('docker run "img', 'a " is not closed'),
        ("docker run " + "a" * 70_000, "longer than 64 KiB"),
    ],
)
def test_what_is_no_such_line_is_said(line, message):
    """In a sentence."""
    with pytest.raises(ValueError, match=message):
        import_line(line)


@given(st.lists(st.text(alphabet="ab $'\"\\&|;#<>\n`(){}=", min_size=1, max_size=8), min_size=1, max_size=5))
def test_quoted_words_are_read_back(words):
    """Whatever is in them; what the shell would not touch is written so that nothing else does."""
    line = "docker run " + " ".join(map(shlex.quote, words))
    assert split_line(line).words[2:] == [word.replace("$", "$$") for word in words]


@given(st.text(alphabet="dockerun -vpe=$'\"\\&|;#<>\n`(){}/:,", max_size=60))
def test_any_line_is_read_or_refused(text):
    """No text raises anything else."""
    with contextlib.suppress(ValueError):
        assert import_line(f"docker run {text}").data["image"]
