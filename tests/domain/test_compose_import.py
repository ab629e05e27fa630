"""A service of a Compose file as a profile: what becomes of every key, and what is said of it."""

import pytest

from mltui.domain.compose_import import import_service
from mltui.domain.import_remarks import Change
from mltui.domain.profile_check import check, settle


def imported(top=None, **keys):
    """The profile of a service with these keys, without its image."""
    done = import_service({"image": "x", **keys}, "train", top)
    settled = settle(done.data, lambda name: None)
    assert check(settled.data, done.data)[1] == []
    return {key: value for key, value in done.data.items() if key != "image"}


def said(change, top=None, **keys):
    """The remarks of one kind on a service with these keys, defaults left out."""
    done = import_service({"image": "x", **keys}, "train", top)
    roots = {*keys, "services", "include", "variables", "mem_limit"}
    return {".".join(map(str, r.path)): r.message for r in done.remarks if r.change is change and r.path[0] in roots}


@pytest.mark.parametrize(
    ("keys", "data", "changed"),
    [
        ({"cpu_quota": 150000, "cpu_period": 50000}, {"cpus": "3"}, {"cpu_quota", "cpu_period"}),
        ({"cpu_quota": 50000}, {"cpus": "0.5"}, {"cpu_quota"}),
        (
            {"cpu_shares": 512},
            {"deploy": {"resources": {"reservations": {"cpus": "0.5"}}}},
            {"cpu_shares"},
        ),
        (
            {"cpu_shares": 512, "deploy": {"resources": {"limits": {"cpus": "1"}}}},
            {"deploy": {"resources": {"limits": {"cpus": "1"}, "reservations": {"cpus": "0.5"}}}},
            {"cpu_shares"},
        ),
        ({"cpus": "0.000"}, {}, {"cpus"}),
        ({"mem_limit": "2g", "memswap_limit": "2g"}, {"mem_limit": "2g"}, {"memswap_limit"}),
        ({"network_mode": "default"}, {}, {"network_mode"}),
        ({"networks": ["default"]}, {}, {"networks"}),
        ({"devices": ["nvidia.com/gpu=all"]}, {"gpus": "all"}, {"devices.0"}),
        (
            {"devices": ["nvidia.com/gpu=1", "/dev/fuse"]},
            {"gpus": ["1"], "devices": ["/dev/fuse"]},
            {"devices.0"},
        ),
        (
            {"gpus": [{"driver": "cdi", "device_ids": ["nvidia.com/gpu=0", "nvidia.com/gpu=3"]}]},
            {"gpus": [{"device_ids": ["0", "3"]}]},
            {"gpus.0.driver", "gpus.0.device_ids"},
        ),
        ({"gpus": [{"count": -1}]}, {"gpus": [{"count": "all"}]}, {"gpus.0.count"}),
        ({"gpus": [{"count": 1}, {"count": 2}]}, {"gpus": [{"count": 3}]}, {"gpus.0", "gpus.1"}),
        (
            {"gpus": [{"device_ids": ["0"]}, {"device_ids": ["2"]}]},
            {"gpus": [{"device_ids": ["0", "2"]}]},
            {"gpus.0", "gpus.1"},
        ),
        ({"ports": ["8000-9000:80"]}, {"ports": ["80"]}, {"ports.0"}),
        ({"ports": ["127.0.0.1:8000-9000:80"]}, {"ports": ["127.0.0.1::80"]}, {"ports.0"}),
        ({"ports": [{"target": 80, "published": "8000-9000"}]}, {"ports": [{"target": 80}]}, {"ports.0.published"}),
        ({"volumes": ["v:/v"], "top": {"volumes": {"v": {"name": "w"}}}}, {"volumes": ["w:/v"]}, {"volumes.0"}),
        (
            {"networks": ["n"], "top": {"networks": {"n": {"external": True, "name": "lab"}}}},
            {"network_mode": "lab"},
            {"networks"},
        ),
        (
            {"secrets": ["s"], "top": {"secrets": {"s": {"file": "s.txt"}}}},
            {"volumes": ["./s.txt:/run/secrets/s:ro"]},
            {"secrets.0"},
        ),
        (
            {"secrets": ["s"], "top": {"secrets": {"s": {"environment": "S_TOKEN"}}}},
            {"secrets": ["S_TOKEN"]},
            {"secrets.0"},
        ),
        (
            {"configs": [{"source": "c", "target": "/etc/c"}], "top": {"configs": {"c": {"file": "/c"}}}},
            {"volumes": ["/c:/etc/c:ro"]},
            {"configs.0"},
        ),
    ],
)
def test_what_is_said_in_another_way(keys, data, changed):
    """It does the same, and a remark says how it is written now."""
    top = keys.pop("top", None)
    assert imported(top, **keys) == data
    assert set(said(Change.CHANGED, top, **keys)) == changed


@pytest.mark.parametrize(
    ("keys", "data", "gone"),
    [
        ({"restart": "always", "depends_on": ["db"], "healthcheck": {}}, {}, {"restart", "depends_on", "healthcheck"}),
        ({"container_name": "c"}, {}, {"container_name"}),
        ({"nonsense": 1}, {}, {"nonsense"}),
        ({"name": "n", "params": {}, "metrics": {}}, {}, {"name", "params", "metrics"}),
        ({"cpu_quota": -1}, {}, {"cpu_quota"}),
        ({"cpu_shares": 512, "deploy": [1]}, {}, {"cpu_shares", "deploy"}),
        ({"cpu_quota": 1000, "cpus": 2}, {"cpus": 2}, {"cpu_quota"}),
        ({"memswap_limit": "4g", "mem_limit": "2g"}, {"mem_limit": "2g"}, {"memswap_limit"}),
        ({"network_mode": "service:db", "ipc": "service:db"}, {}, {"network_mode", "ipc"}),
        ({"networks": {"a": {"ipv4_address": "10.0.0.2"}}}, {}, {"networks"}),
        ({"pull_policy": "every_12h"}, {}, {"pull_policy"}),
        ({"build": {"context": ".", "ssh": ["default"]}}, {"build": {"context": "."}}, {"build.ssh"}),
        ({"deploy": {"replicas": 2, "mode": "global"}}, {}, {"deploy.replicas", "deploy.mode"}),
        (
            {"deploy": {"resources": {"reservations": {"devices": [{"capabilities": ["tpu"]}]}}}},
            {},
            {"deploy.resources.reservations.devices.0"},
        ),
        (
            {"gpus": [{"count": 1, "options": {"a": "b"}}, {"device_ids": ["1"]}]},
            {"gpus": [{"count": 1}]},
            {"gpus.0.options", "gpus.1"},
        ),
        ({"gpus": [{"driver": "3dfx", "count": 2}]}, {}, {"gpus.0"}),
        ({"devices": ["vendor.com/device=x"]}, {}, {"devices.0"}),
        ({"volumes": ["./a:/a:ro,z"]}, {"volumes": ["./a:/a:ro"]}, {"volumes.0.z"}),
        (
            {"volumes": [{"type": "bind", "source": "/a", "target": "/a", "bind": {"propagation": "rslave"}}]},
            {"volumes": [{"type": "bind", "source": "/a", "target": "/a"}]},
            {"volumes.0.bind.propagation"},
        ),
        ({"volumes": [{"type": "npipe", "source": "a", "target": "/a"}]}, {}, {"volumes.0"}),
        ({"tmpfs": ["/t:size=1g,noexec"]}, {"tmpfs": ["/t:size=1g"]}, {"tmpfs.0.noexec"}),
        ({"ports": [{"target": 80, "app_protocol": "http"}]}, {"ports": [{"target": 80}]}, {"ports.0.app_protocol"}),
        ({"secrets": ["s"]}, {}, {"secrets.0"}),
        ({"shm_size": "lots", "ports": ["a:b", "80"]}, {"ports": ["80"]}, {"shm_size", "ports.0"}),
        ({"gpus": "some"}, {}, {"gpus"}),
    ],
)
def test_what_has_no_place_is_left_out_and_said(keys, data, gone):
    """Each with its own reason; the rest stays and passes the check."""
    assert imported(**keys) == data
    found = said(Change.LEFT_OUT, **keys)
    assert set(found) == gone
    assert all(found.values())


def test_every_key_of_a_profile_that_compose_has_stays_as_it_is():
    """In the order of a form; variables stay variables."""
    service = {
        "volumes": ["${DATA:-./d}:/data"], "user": "${UID}:${GID}", "image": "a:${TAG:-1}", "command": "run ${X}",
        "x-mine": {"a": 1}, "tty": True, "environment": {"A": 1},
    }  # fmt: skip
    done = import_service(service, "my service!")
    assert done.name == "my-service"
    assert done.data == service
    assert list(done.data) == ["image", "command", "volumes", "environment", "user", "tty", "x-mine"]


def test_what_does_something_else_is_said():
    """Where mltui's defaults, or its care, make the same keys behave otherwise."""
    keys = {
        "ports": ["80:80", "0.0.0.0:81:81"],
        "volumes": ["./a:/a", "cache:/c"],
        "environment": {"HF_TOKEN": None, "API_KEY": "abc", "OTHER_KEY": "${OTHER_KEY}"},
        "command": "login ${MY_TOKEN} ${PLACE}${HOW:-x} ${WHEN?now}",
        "mem_limit": "1g",
    }
    found = said(Change.DIFFERS, **keys)
    assert set(found) == {
        "ports.0", "volumes.0", "volumes.1", "environment.HF_TOKEN", "command", "variables",
        "mem_limit",
    }  # fmt: skip
    assert found["variables"] == "have to be set at a launch, else it is refused: MY_TOKEN, OTHER_KEY, PLACE, WHEN"
    assert "secret MY_TOKEN" in found["command"]


@pytest.mark.parametrize(
    ("keys", "silent"),
    [
        ({"user": ""}, "user"),
        ({"cap_drop": []}, "cap_drop"),
        ({"privileged": True}, "cap_drop"),
        ({"security_opt": ["no-new-privileges:false"]}, "security_opt"),
        ({"init": False}, "init"),
        ({"shm_size": "1g"}, "shm_size"),
        ({"ipc": "host"}, "shm_size"),
        ({"stop_grace_period": "10s"}, "stop_grace_period"),
        ({"logging": {"driver": "local"}}, "logging"),
    ],
)
def test_a_default_is_named_until_the_service_says_it(keys, silent):
    """Each default that differs from Compose's, and no more where it does not count."""

    def named(**keys):
        remarks = import_service({"image": "x", **keys}, "train").remarks
        return {remark.path[0] for remark in remarks if remark.change is Change.DIFFERS}

    assert silent in named()
    assert silent not in named(**keys)


def test_other_services_are_named():
    """They are not in the profile."""
    found = said(Change.LEFT_OUT, {"services": {"db": {}, "web": {}}, "include": ["a"]})
    assert found["services"].endswith("db, web")
    assert "include" in found


def test_no_secret_is_written_down():
    """Names stay and take the caller's value; what everybody would see is left out, or a variable that a launch
    refuses."""
    done = import_service(
        {
            "image": "x",
            "environment": ["HF_TOKEN=hf_1", "PLAIN=2"],
            "labels": {"api_key": "zzz", "kind": "a"},
            "build": {"context": ".", "args": {"GITHUB_TOKEN": "ghp_3", "VERSION": "4"}},
            "command": ["train", "--api-key=k5", "--data", "https://u:p6@host/x"],
        },
        "s",
    )
    assert done.data["environment"] == ["HF_TOKEN", "PLAIN=2"]
    assert done.data["labels"] == {"kind": "a"}
    assert done.data["build"]["args"] == {"VERSION": "4"}
    said = {".".join(map(str, one.path)): one.change for one in done.remarks}
    assert said["environment.HF_TOKEN"] is Change.CHANGED
    assert said["labels.api_key"] is said["build.args.GITHUB_TOKEN"] is Change.LEFT_OUT
    assert said["command.1"] is said["command.3"] is Change.CHANGED
    assert done.data["command"] == ["train", "--api-key=${API_KEY}", "--data", "https://u:${PASSWORD}@host/x"]
