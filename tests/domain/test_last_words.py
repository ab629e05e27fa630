"""The line that names a failure is found at the end of a log."""

from __future__ import annotations

import pytest

from mltui.domain.last_words import last_words


@pytest.mark.parametrize(
    ("tail", "words"),
    [
        (
            b'Traceback (most recent call last):\n  File "t.py", line 4\nRuntimeError: CUDA error: \x1b[31mboom\n',
            "RuntimeError: CUDA error: boom",
        ),
        (
            b"loss 0.5\ntorch.OutOfMemoryError: CUDA out of memory.\nE0000 launcher: failed\n",
            "torch.OutOfMemoryError: CUDA out of memory.",
        ),
        (b"10%|#\r20%|##\rValueError: bad\n", "ValueError: bad"),
        (b"sh: nosuch: not found\n", "sh: nosuch: not found"),
        (b"Traceback\nKeyboardInterrupt\n", "KeyboardInterrupt"),
        (b"epoch 1 loss 0.1\nepoch 2 loss 0.1\n", ""),
        (b"", ""),
        (b"\xff\xfe Error: \xc3\n", "\ufffd\ufffd Error: \ufffd"),
    ],
)
def test_the_line_that_names_the_failure(tail: bytes, words: str) -> None:
    """An exception before any other complaint; nothing where nothing complains."""
    assert last_words(tail) == words
