"""A secret stands in no profile: by name or look it is refused, with the way to take it from the environment."""

from __future__ import annotations

import pytest

from mltui.domain.param import Param
from mltui.domain.profile_check import written_tokens

TOKEN = "hf_abcdefghijklmnopqrstuvwxyz012345"


def param(value: object) -> Param:
    """A parameter as a profile says it."""
    return Param.model_validate(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_token", "abc"), ("hfToken", "abc"), ("openai_key", {"type": "str"}), ("auth", "abc"),
        ("db_password", 1234), ("client_secret", 0.5), ("token", ""),
    ],
)  # fmt: skip
def test_a_secrets_name_is_refused(name: str, value: object) -> None:
    """Whatever its default; the sentence names the variable to use, and the word for one that is none."""
    said = param(value).secret_by_name(name)
    assert f"secrets: [{name.upper()}]" in said
    assert "public: true" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_tokens", "5"), ("context_token", 512), ("pad_token", {"default": "<pad>", "public": True}),
        ("sort_key", {"default": "loss", "choices": ["loss", "step"]}), ("use_auth", True), ("learning_rate", 0.1),
    ],
)  # fmt: skip
def test_what_is_no_secret_is_a_parameter(name: str, value: object) -> None:
    """Numbers, choices, true and false, and what a profile says is none."""
    assert param(value).secret_by_name(name) == ""


def test_a_value_that_looks_like_a_token_is_refused_unsaid() -> None:
    """Under any name, as a default and when it is typed; the sentence does not repeat it."""
    with pytest.raises(ValueError, match="looks like a token") as raised:
        param({"type": "str"}).parse(f"x {TOKEN}")
    assert TOKEN not in str(raised.value)
    with pytest.raises(ValueError, match="looks like a token") as raised:
        param(TOKEN)
    assert TOKEN not in str(raised.value).partition("[type=")[0]
    assert param({"type": "str", "public": True}).parse(TOKEN) == TOKEN


@pytest.mark.parametrize(
    ("data", "path", "cure"),
    [
        ({"environment": {"HF_TOKEN": TOKEN}}, ("environment", "HF_TOKEN"), "leave HF_TOKEN without a value"),
        ({"environment": [f"LLM={TOKEN}"]}, ("environment", 0), "leave LLM without a value"),
        ({"command": ["train", f"--key={TOKEN}"]}, ("command", 1), "name it under secrets"),
        ({"params": {"lr": {"default": 1, "help": TOKEN}}}, ("params", "lr", "help"), "name it under secrets"),
        ({"params": {TOKEN: 1}}, ("params",), "name it under secrets"),
        ({"labels": {TOKEN: "x"}}, ("labels",), "name it under secrets"),
        ({"description": "sk-proj-aB3_dE6-gH9_jK2-mN5_pQ8"}, ("description",), "name it under secrets"),
        ({"description": "sk-0a1b2c3d4e5f6a7b8c9d0e1f"}, ("description",), "name it under secrets"),
        ({"build": {"args": {"A": f"x{TOKEN}y {TOKEN}"}}}, ("build", "args", "A"), "name it under secrets"),
    ],
)
def test_a_token_that_is_written_is_told_unsaid(
    data: dict[str, object], path: tuple[str | int, ...], cure: str
) -> None:
    """Wherever it stands: the copy of a run would keep it."""
    (fault,) = written_tokens(data)
    assert fault.path == path
    assert cure in fault.message
    assert TOKEN not in fault.message


def test_names_are_no_tokens() -> None:
    """Of an image, whatever it looks like, and words with hyphens; a variable is none either; of the values of
    parameters their own check tells."""
    kept = {"image": f"reg/{TOKEN}", "environment": {"A": "${HF_TOKEN}"}, "params": {"a": TOKEN}}
    assert not written_tokens({**kept, "description": "sk-ResNet50-imagenet-finetune, sk-learn-Pipeline-cuda-12"})
