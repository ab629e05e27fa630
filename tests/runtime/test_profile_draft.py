"""A profile that is checked while it is typed comes out as one that is checked from its beginning."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mltui.domain.errors import UsageError
from mltui.runtime.profile_draft import Checking, Draft
from mltui.ui.presentation.profile_form import FormMaker

PATH = Path("/nowhere/mine/profile.yaml")
TEXT = """\
image: python:3.12
params:
  lr: 0.1
  epochs: {default: 3, min: 1, max: 10}
  optimizer: {default: adam, choices: [adam, sgd]}
command: [python3, train.py, "--lr=${lr}", "--epochs=${epochs}"]
environment:
  A: '1'
  B: ${HOME}
labels: {a: b}
mem_limit: 4g
deploy:
  resources:
    limits: {cpus: 2}
    reservations:
      cpus: 1
volumes:
  - ./a:/a
  - ${NOT_SET}:/b
"""
#: From what stands in the text to what a person makes of it, on the way and in the end.
STEPS = [
    ("lr: 0.1", "lr: 0.1x"), ("lr: 0.1", "lr:"), ("min: 1", "min: 11"), ("min: 1", "mim: 1"), ("adam, sgd", "sgd"),
    ("${lr}", "${lt}"), ("${lr}", "${lr"), ("A: '1'", "A: [1]"), ("A: '1'", "=: 1"), ("a: b", "a: {b: c}"),
    ("cpus: 1", "cpus: 4"), ("4g", "4q"), ("4g", "2g"), ("./a:/a", "./a:/b"), ("NOT_SET", "HOME"), ("mem_limit", "mem"),
    ("labels: {a: b}", "labels: [a=b]"), ("environment:", "environmen:"), ("params:", "params: 3"), ("image:", "x-i:"),
    ("- ./a:/a\n", "- ./a:/a\n  - ./c:/a\n"), ("  epochs:", "  gpus:"), ("  optimizer:", "  1o:"),
    ("  B:", "  =B:"), ("./a:/a", "a:b:c:d"), ("./a:/a", "/a"), ("cpus: 2", "cpuz: 2"),
    ("labels", "extends: nobody\nlabels"),
    ("command: [", "command: ["), ("lr: 0.1", "lr: 1\n  lr: 2"), ("lr: 0.1", "lr: yes"), ("python:3.12", '"'),
]  # fmt: skip


def find_none(name: str, near: Path | None = None) -> Path:
    """There is no other profile."""
    raise UsageError(f"There is no profile {name!r}.")


def look(draft: Draft) -> tuple[object, ...]:
    """Everything that a draft says, but for the objects it is made of."""
    sound = draft.sound
    profiles = [
        (vars(one), one.model_fields_set, one.path, one.text, dict(one.source), one.bases)
        for one in (draft.profile, sound and sound.profile)
        if one is not None
    ]
    indexes = dict(sound.indexes) if sound else None
    return draft.text, draft.document is None, draft.problems, profiles, indexes, draft.data


@settings(max_examples=40)
@given(st.lists(st.sampled_from([*STEPS, None]), min_size=1, max_size=8))
def test_checked_step_by_step_it_is_the_same_as_checked_anew(steps: list[tuple[str, str] | None]) -> None:
    """Problems, the profile, the form's rows; ``None`` takes all steps back."""
    checking, forms = Checking(PATH, find_none), FormMaker()
    checking.check(TEXT)
    text = TEXT
    for step in steps:
        text = text.replace(*step, 1) if step else TEXT
        draft = checking.check_entry(text) or checking.check(text)
        anew = Checking(PATH, find_none).check(text)
        assert look(draft) == look(anew)
        problems = {problem.path: problem.message for problem in reversed(draft.problems)}
        unfolded = frozenset({("params", "lr")})
        form, form_anew = forms.make(draft.data, problems, unfolded), FormMaker().make(anew.data, problems, unfolded)
        assert (form.rows, form.fields) == (form_anew.rows, form_anew.fields)


def test_a_step_inside_an_entry_is_checked_at_once() -> None:
    """A wrong value and its correction, a new entry, a variable; but nothing that other files have a say in."""
    checking = Checking(PATH, find_none)
    checking.check(TEXT)
    for old, new in (("min: 1", "min: 11"), ("min: 1", "min: 2"), ("  A: '1'", "  A: '1'\n  C: x"), ("${lr}", "${l}")):
        draft = checking.check_entry(TEXT.replace(old, new))
        assert draft is not None
        assert checking.check_entry(TEXT) is not None
        assert bool(draft.problems) == (new == "min: 11")
    assert checking.check_entry(TEXT + "extends: other\n") is None
