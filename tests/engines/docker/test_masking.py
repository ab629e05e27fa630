"""Secrets in what the engine tells."""

from __future__ import annotations

from mltui.engines.docker.create import LABEL_SECRETS
from mltui.engines.docker.masking import MASK, masked


def test_secrets_are_masked_wherever_they_stand() -> None:
    """Variables named like a secret and those the run declared, also where their value is repeated."""
    inspected = {
        "Path": "train",
        "Args": ["--token", "abcdef123", "--lr", "0.1"],
        "Config": {
            "Env": ["HF_TOKEN=abcdef123", "DB_PASSWORD=pw", "PLAIN=declared-value", "EPOCHS=5", "EMPTY_KEY="],
            "Labels": {LABEL_SECRETS: "PLAIN", "note": "uses declared-value"},
        },
        "State": {"Pid": 5},
    }
    shown = masked(inspected)
    assert shown["Config"]["Env"] == [
        f"HF_TOKEN={MASK}",
        f"DB_PASSWORD={MASK}",
        f"PLAIN={MASK}",
        "EPOCHS=5",
        "EMPTY_KEY=",
    ]
    assert shown["Args"] == ["--token", MASK, "--lr", "0.1"]
    assert shown["Config"]["Labels"]["note"] == f"uses {MASK}"
    assert shown["State"] == {"Pid": 5}
