"""No secret of what is imported gets into the profile's text, or into what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mltui.domain.secret_text import masked
from mltui.storage.profile_import import draft_from_text

SECRET = "s3cr3t-V4lue"
#: A secret, and all else that stands with it, which stays.
LINES = {
    "HF_TOKEN=@ docker run -e HF_TOKEN img": "HF_TOKEN",
    "docker run --env HF_TOKEN=@ img": "HF_TOKEN",
    "docker run -e HF_TOKEN='a @' img": "HF_TOKEN",
    "docker run -e DB_PASSWORD='$1@' img": "DB_PASSWORD",
    "docker run -e HF_TOKEN=${X:-@} img": "HF_TOKEN",
    "docker run -e HF_TOKEN=@$X img": "HF_TOKEN",
    "docker run -e LLM=sk-proj-@0123456789 img": "LLM",
    "docker run -e URL=https://user:@@host/x img": "https://user:${URL_PASSWORD}@host/x",
    "docker run img train --api-key=@": "--api-key=${API_KEY}",
    "docker run img train --api-key @ --epochs 3": "--api-key, '${API_KEY}', --epochs, '3'",
    "docker run img train --wandb-key=@": "--wandb-key=${WANDB_KEY}",
    "docker run img sh -c 'API_KEY=@ python x --token \"@\" --max-tokens 7'": "python x",
    "docker run img train https://user:@@host/x": "@host/x",
    "docker run img curl -H 'X-Api-Key: @' -H 'Authorization: Bearer @'": "'X-Api-Key: ${X_API_KEY}'",
    "docker run img; export TOKEN=@": "export TOKEN=",
    "docker run --unknown-token=@ img": "--unknown-token=",
    "docker run -l token=@ img": "token",
    "docker run --log-opt splunk-token=@ img": "splunk-token",
    "docker run --annotation token=@ img": "token=",
    "docker run --health-cmd 'curl -H token:@' img": "curl",
    "docker run --network name=x,token=@ img": "token=",
    "docker -H tcp://user:@@host run img": "user:",
    "services: {a: {image: x, environment: {HF_TOKEN: @}}}": "HF_TOKEN",
    "services: {a: {image: x, environment: ['HF_TOKEN=@']}}": "HF_TOKEN",
    "services: {a: {image: x, build: {context: ., args: {HF_TOKEN: @}}}}": "HF_TOKEN",
    "services: {a: {image: x, x-password: @}}": "x-password",
    "services: {a: {image: x, command: 'train --password @ -v'}}": "train --password ${PASSWORD} -v",
    "services: {a: {image: x, entrypoint: [a, --token, @]}}": "--token, '${TOKEN}'",
    "services: {a: {image: x, labels: ['api_key=@']}}": "api_key",
    "services: {a: {image: x, logging: {driver: splunk, options: {splunk-token: @}}}}": "splunk-token",
    "services: {a: {image: x, secrets: [t]}}\nsecrets: {t: {content: @}}": "secrets",
}


@pytest.mark.parametrize(("text", "stays"), LINES.items())
def test_no_secret_is_in_the_text_or_the_remarks(tmp_path: Path, text: str, stays: str) -> None:
    """Wherever it stood; that there was one is said, and the rest is as it was."""
    written = text.replace("@@", f"{SECRET}@").replace("@host", "\0host").replace("@", SECRET).replace("\0", "@")
    made = draft_from_text(written, file=tmp_path / "compose.yaml", target=tmp_path / "p")
    said = " ".join(map(str, made.remarks))
    assert SECRET not in made.text
    assert SECRET not in said
    assert stays in f"{made.text} {said}"
    assert "secret" in said or "•••" in said


def test_what_only_looks_like_one_stays(tmp_path: Path) -> None:
    """Counts, names of files, variables and keys that sort are no secrets."""
    kept = "services: {a: {image: reg/api-token:1, volumes: ['hf_token:/run/t:ro', './my_token:/t']}}"
    made = draft_from_text(kept, file=tmp_path / "compose.yaml", target=tmp_path / "p")
    assert made.data["image"] == "reg/api-token:1"
    assert [str(one).split(":")[0] for one in made.data["volumes"]] == ["hf_token", "../my_token"]
    text = "run --max-tokens=7 --sort-key loss --token ${T} TOKENIZERS_PARALLELISM=0 KEY_FILE=a https://host:80/x a:b@c"
    assert masked(text) == text


@pytest.mark.parametrize("piece", ["a=", "sk-", "--a ", "token=", "t: ", "a://a:", "$a", "${a:?", "token='", "key=-"])
def test_a_long_text_is_gone_through_once(piece: str) -> None:
    """Whatever it repeats: time and depth do not grow with the square."""
    text = piece * (100_000 // len(piece))
    assert len(masked(text)) <= len(text)
