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
    "docker run img python --api-key=@ train.py": "--api-key=${API_KEY}', train.py",
    "docker run img python --token @ --no-password train.py": "--token, '${TOKEN}', --no-password, train.py",
    "docker run img a -H 'Authorization: token @' b": "-H, 'Authorization: token ${TOKEN}', b",
    "docker run img a -H 'Authorization: @' b": "-H, 'Authorization: ${TOKEN}', b",
    'docker run -e CFG=\'{"api_key": "@", "lr": 1}\' img': '{"api_key": "${API_KEY}", "lr": 1}',
    'docker run img a --json=\'{"token":"@"}\' b': '--json={"token":"${TOKEN}"}',
    'docker run img sh -c \'a "{\\"password\\":\\"@\\"}"\'': "${PASSWORD}",
    "docker run img a postgres://u:p@@host/x": "postgres://u:${PASSWORD}@host/x",
    "docker run img git clone https://@-0a1b2c@host/x": "https://${TOKEN}@host/x",
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


#: Words of commands, and values of variables, that stay as they are.
NO_SECRETS = (
    "data.image_key=jpg", "use_auth=false", "label_key=cls", "--sort-key loss", "--use-token train.py", "--auth basic",
    "--eos-token </s>", "pad_token=[PAD]", "--context-token 512", "token=0.5", "TOKEN=$(cat /run/t)", "--token ${T}",
    "Basic training", "https://user.name@host/x?a=b@c", "git+ssh://git@host/x", "reg/sk-ResNet50-imagenet-finetune",
)  # fmt: skip


def test_values_that_are_no_secrets_stay(tmp_path: Path) -> None:
    """True and false, numbers, words of a key or of auth, special tokens, and what stands behind a flag."""
    words = " ".join(f"'{word}'" for one in NO_SECRETS for word in one.split(" "))
    variables = "-e SORT_KEY=loss -e EOS_TOKEN='</s>' -e USE_AUTH=0 -e ASK_PASSWORD=true"
    line = f"docker run {variables} reg/sk-ResNet50-imagenet-finetune {words}"
    made = draft_from_text(line, file=tmp_path / "compose.yaml", target=tmp_path / "p")
    said = [str(word).replace("$$", "$") for word in made.data["command"]]
    assert said == [word for one in NO_SECRETS for word in one.split(" ")]
    assert made.data["environment"] == ["SORT_KEY=loss", "EOS_TOKEN=</s>", "USE_AUTH=0", "ASK_PASSWORD=true"]
    assert "secret" not in " ".join(map(str, made.remarks))
    assert [masked(one) for one in NO_SECRETS] == list(NO_SECRETS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--password 1234", "--password •••"), ("--api-key=hunter", "--api-key=•••"), ("--auth u:hunter", "--auth •••"),
        ('--token="a b" c', '--token="•••" c'), ("--token='a b c", "--token='••• b c"),
        ('{"password":1234,"token":null}', '{"password":•••,"token":null}'),
        ("redis://:a@b,redis://:c@@d", "redis://:•••@b,redis://:•••@d"), ("Authorization: Bearer $T", None),
    ],
)  # fmt: skip
def test_a_secret_is_taken_alone(text: str, shown: str | None) -> None:
    """What stands around it stays: quotes, commas, the next word, the next address."""
    assert masked(text) == (shown or text)


@pytest.mark.parametrize(
    "piece",
    [
        "a=", "sk-", "--a ", "token=", "t: ", "a://a:", "$a", "${a:?", "token='", "key=-", '"t":"', "'token':\\\\\"",
        "a://a:@@", "https://a1", "Authorization: ", "Basic a", "--key a",
    ],
)  # fmt: skip
def test_a_long_text_is_gone_through_once(piece: str) -> None:
    """Whatever it repeats: time and depth do not grow with the square."""
    text = piece * (100_000 // len(piece))
    assert len(masked(text)) <= len(text)
