"""A secret is no parameter: by its name or its look it is refused, with the way to take it from the environment."""

from __future__ import annotations

import pytest

from mltui.domain.param import Param

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
