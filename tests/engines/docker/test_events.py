"""Events as they happen."""

from __future__ import annotations

import json
import threading

from mltui.engines.base import EngineEvent
from mltui.engines.docker.events import parse_event
from tests.contracts.conftest import Rig


def test_a_containers_life(rig: Rig) -> None:
    """Create, start, die with its exit code, destroy: in order, each with the container's id."""
    stream = rig.engine.events()
    seen: list[EngineEvent] = []
    over = threading.Event()

    def follow() -> None:
        for event in stream:
            seen.append(event)
            if event.action == "destroy":
                over.set()
        over.set()

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    spec = rig.spec("exit 4")
    container, status, _ = rig.run(spec)
    rig.engine.remove(container)
    assert over.wait(30)
    stream.close()
    follower.join(10)
    assert not follower.is_alive()
    mine = [event for event in seen if event.id == container]
    assert [event.action for event in mine if event.action != "attach"] == ["create", "start", "die", "destroy"]
    death = next(event for event in mine if event.action == "die")
    assert death.attributes["exitCode"] == "4"
    assert death.attributes["mltui.run"] == spec.run_id
    assert status.started - 1 <= death.time <= status.finished + 1


def test_podmans_events() -> None:
    """Podman's own action and its name for the exit code are understood."""
    raw = {
        "Type": "container",
        "Action": "died",
        "id": "abc",
        "Actor": {"ID": "abc", "Attributes": {"containerExitCode": "3", "name": "x"}},
        "time": 1700000000,
        "timeNano": 1700000000500000000,
    }
    event = parse_event(json.dumps(raw).encode())
    assert event is not None
    assert (event.kind, event.action, event.id, event.time) == ("container", "die", "abc", 1700000000.5)
    assert event.attributes["exitCode"] == "3"


def test_what_is_no_event_is_passed_over() -> None:
    """Other kinds and torn lines are nothing."""
    for line in (b"", b"{", b"[]", b'{"Type": "network", "Action": "connect"}'):
        assert parse_event(line) is None
