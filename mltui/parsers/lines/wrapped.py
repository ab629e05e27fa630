"""Lines that are broken: at the width of a column, or where a warning came between two parts of them.

Rich's handler does the one, so that a value may stand beneath its name::

    [10:00:00] INFO     Epoch 1/5 train_loss: 0.9000 val_loss: 1.0000 grad_norm:      train.py:6
                        0.100 lr: 1.00e-03

A program that prints a line in parts may be warned in the middle of it::

    Epoch 3: /opt/lib/solver.py:785: ConvergenceWarning: stopped early
      warnings.warn(
    loss=0.5 acc=0.9
"""

from __future__ import annotations

import re

from mltui.parsers.records.names import measures

# Words at the end of a column; behind it may stand where the line was printed.
_LAST_WORDS = re.compile(rb"([A-Za-z][\w/-]*(?: [A-Za-z][\w/-]*){0,2}[:=]?) {2,}(?:[\w./-]+\.py:\d+)? *$")
_WARNING = re.compile(r"(?<=\S)\s+\S+\.py:\d+: \w*Warning: ")
_VALUE = re.compile(rb" {8,}(?=[-+.]?\d)")


def under_its_name(above: bytes, line: bytes) -> bytes | None:
    """``line`` with the name in front that the line ``above`` ends with; ``None`` if that is complete."""
    value = _VALUE.match(line)
    name = _LAST_WORDS.search(above) if value else None
    if value is None or name is None:
        return None
    if name[1][-1:] not in b":=" and not measures(name[1].decode().split()[-1]):
        return None
    return value[0] + name[1] + b" " + line[value.end() :]


def before_warning(text: str) -> str:
    """The part of a line that was printed before a warning came."""
    found = _WARNING.search(text)
    return text if found is None else text[: found.start()]
