"""A profile that is being written: what its text says now, and everything wrong with it. Made in threads."""

from __future__ import annotations

import contextlib
import difflib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mltui.domain.errors import EditError, Problem
from mltui.domain.profile_name import default_name
from mltui.domain.text import one_line
from mltui.storage.profiles import check_source
from mltui.storage.yaml_edit import YamlDocument, is_document
from mltui.storage.yaml_reparse import parse_again
from mltui.storage.yaml_source import parse_source

if TYPE_CHECKING:
    from mltui.domain.profile import Profile
    from mltui.domain.profile_recheck import Revalidation
    from mltui.domain.profile_sound import Sound
    from mltui.storage.extends import Finder
    from mltui.storage.yaml_nodes import Source

#: Characters of a text of which an entry is checked while the screen waits for it.
_MOST_AT_ONCE = 32 << 10


@dataclass(frozen=True)
class Draft:
    """One state of the text. ``document`` is ``None`` where it is no YAML: then ``data`` is of no use."""

    text: str
    document: YamlDocument | None = None
    problems: tuple[Problem, ...] = ()
    profile: Profile | None = None
    """Where the text is sound: what it would be."""
    data: Mapping[str, Any] = field(default_factory=dict)
    sound: Sound | None = None
    """The sound parts of what it says, where it is YAML."""
    whole: Source | None = None
    """What it says put over what it extends, where it extends anything."""

    def origin_of(self, path: tuple[str | int, ...]) -> str:
        """The name of the profile that says what is at ``path`` of the whole."""
        return default_name(Path(self.whole.where(path)[0])) if self.whole else ""


class Checking:
    """Checks one state of a profile's text after the other: what has not changed is not looked at again."""

    def __init__(self, path: Path, find: Finder | None = None) -> None:
        self.path = path
        self._find = find
        self._validate: Revalidation | None = None
        self._sound: Source | None = None
        """The last text that was YAML without a fault."""

    def check(self, text: str) -> Draft:
        """Everything about ``text``. Never raises for the text's sake."""
        found = parse_again(self._sound, text) if self._sound else None
        return self._draft(text, found or parse_source(text, str(self.path)))

    def check_entry(self, text: str) -> Draft | None:
        """The same, where only one entry differs from the last text that was understood; else ``None``.

        It reads no file and takes a few milliseconds at most, so that it need not be done in a thread.
        """
        if self._sound is None or len(text) > _MOST_AT_ONCE or "extends" in (self._sound.data or {}):
            return None
        found = parse_again(self._sound, text)
        return None if found is None or "extends" in found.data else self._draft(text, found)

    def check_document(self, document: YamlDocument) -> Draft:
        """The same for a document that comes of a change."""
        return self._draft(document.text, document.source)

    def _draft(self, text: str, source: Source) -> Draft:
        # Not before it is needed, which is in a thread: with the models comes pydantic.
        from mltui.domain.profile_recheck import Revalidation, same_objects

        if not is_document(source):
            return Draft(text, None, source.problems)
        if self._sound is not None:
            source = replace(source, data=same_objects(self._sound.data, source.data))
        if source.root is not None and not source.problems:
            self._sound = source
        self._validate = self._validate or Revalidation()
        checked = check_source(source, self.path, find=self._find, validate=self._validate)
        profile = None if checked.problems else checked.profile
        document = YamlDocument.of(text, source)
        whole = checked.source if checked.source and checked.source.bases else None
        return Draft(text, document, checked.problems, profile, document.data, checked.sound, whole)


def diff_of(old: str, new: str, name: str) -> list[str]:
    """A unified diff, without line ends."""
    names = f"{name} (on disk)", f"{name} (yours)"
    return list(difflib.unified_diff(old.splitlines(), new.splitlines(), *names, lineterm=""))


#: A change of a document by its data; raises ``EditError`` where that cannot be done in place.
Change = Callable[[YamlDocument], YamlDocument]


@dataclass(frozen=True)
class _Told:
    """A job that changes nothing: it tells that all before it are done."""

    tell: Callable[[], None]


class Drafting:
    """Checks and changes a text in a thread of its own, in order; what a newer one makes pointless is left out.

    ``report`` is called in that thread with every state, and with the text before it where a change made it;
    ``refuse`` with what cannot be done.
    """

    def __init__(
        self,
        path: Path,
        report: Callable[[Draft, str | None], None],
        refuse: Callable[[EditError], None],
        find: Finder | None = None,
    ) -> None:
        self.path = path
        self._report = report
        self._refuse = refuse
        self._checking = Checking(path, find)
        self._jobs: list[tuple[str, str | Change | _Told]] = []
        self._news = threading.Condition()
        self._closed = False
        self._busy = False
        self._now = Draft("")
        self._begun: tuple[str, YamlDocument] | None = None
        """The change that is being typed, and the document before it."""
        threading.Thread(target=self._work, name="draft", daemon=True).start()

    def take(self, text: str) -> None:
        """The text is another one now: check it."""
        self._put("", text)

    def take_at_once(self, text: str) -> Draft | None:
        """The same, done here and now, and not reported; ``None`` where it is a matter for the thread: ``take`` it."""
        with self._news:
            if self._busy or self._jobs or self._closed:
                return None
            try:
                draft = self._checking.check_entry(text)
            except Exception:
                # Whatever it is, the thread meets it too, and says it.
                return None
            if draft is not None:
                self._now, self._begun = draft, None
            return draft

    def change(self, change: Change, typing: str = "") -> None:
        """Change the document. Of changes with one ``typing`` each starts from the document before the first."""
        self._put(typing, change)

    def when_done(self, tell: Callable[[], None]) -> None:
        """Call ``tell``, in the thread, when all that was asked for so far is done and reported."""
        self._put("", _Told(tell))

    def close(self) -> None:
        """End the thread."""
        with self._news:
            self._closed = True
            self._news.notify()

    def _put(self, typing: str, job: str | Change | _Told) -> None:
        with self._news:
            if self._jobs:
                last, waiting = self._jobs[-1]
                if (isinstance(job, str) and isinstance(waiting, str)) or (typing and last == typing):
                    self._jobs.pop()
            self._jobs.append((typing, job))
            self._news.notify()

    def _work(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._jobs or self._closed)
                if self._closed:
                    return
                typing, job = self._jobs.pop(0)
                self._busy = True
            try:
                self._do(typing, job)
            except Exception as error:
                self._failed(job, error)
            finally:
                self._busy = False

    def _do(self, typing: str, job: str | Change | _Told) -> None:
        if isinstance(job, _Told):
            job.tell()
        elif isinstance(job, str):
            self._begun = None
            self._now = self._checking.check(job)
            self._report(self._now, None)
        else:
            self._change(typing, job)

    def _failed(self, job: str | Change | _Told, error: Exception) -> None:
        """Say that a job failed in a way that nobody foresaw; a text that could not be checked is not sound."""
        said = f"mltui failed at that, by its own fault: {type(error).__name__}: {one_line(str(error), 200)}"
        # Where it is the telling that fails, the editor is gone: there is nobody to tell that.
        with contextlib.suppress(Exception):
            if isinstance(job, str):
                self._now = Draft(job, None, (Problem(str(self.path), 1, 1, "", said),))
                self._report(self._now, None)
            else:
                self._refuse(EditError(f"{said}.", "Make the change in the text."))

    def _change(self, typing: str, change: Change) -> None:
        before = self._now
        begun = self._begun[1] if typing and self._begun and self._begun[0] == typing else before.document
        if begun is None:
            first = before.problems[0] if before.problems else None
            where = f"Line {first.line}: {first.message}." if first else "The text is no YAML."
            self._refuse(EditError(where, "Correct it in the text; then the form can change it again."))
            return
        try:
            document = change(begun)
        except EditError as error:
            self._refuse(error)
            return
        self._begun = (typing, begun) if typing else None
        self._now = self._checking.check_document(document)
        self._report(self._now, before.text)
