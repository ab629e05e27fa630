"""Names of variables that hold secrets."""

import pytest

from mltui.domain.secret_names import is_secret_name


@pytest.mark.parametrize(
    "name",
    [
        "HF_TOKEN", "GITHUB_TOKEN_2", "token", "hfToken", "HFTOKEN", "WANDB_API_KEY", "APIKEY", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "OPENAI_KEY", "KEY", "DB_PASSWORD", "PGPASSWORD", "MYSQL_PASSWD", "PASSPHRASE",
        "AZURE_CREDENTIALS", "CLIENT_SECRET", "SECRET_WORD", "REGISTRY_AUTH", "AUTH_HEADER", "SSH_PRIVATE_KEY",
    ],
)  # fmt: skip
def test_a_secret_is_known_by_its_name(name):
    """In any case, with anything around the word."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "MAX_TOKENS", "TOKENIZERS_PARALLELISM", "TOKENIZER", "AUTHOR", "KEYBOARD", "MONKEY", "KEY_COLUMN", "HF_HOME",
        "SSH_AUTH_SOCK", "HF_TOKEN_PATH", "POSTGRES_PASSWORD_FILE", "TOKEN_LIMIT", "PASSWORD_STDIN",
        "EPOCHS", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_is_none(name):
    """Counts, places of files, and words that hold the letters by chance."""
    assert not is_secret_name(name)
