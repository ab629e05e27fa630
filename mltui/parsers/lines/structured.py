"""Lines that are JSON objects: of one that prints the same names and texts again the numbers stand at known places."""

from __future__ import annotations

from mltui.parsers.judgement.judge import Judge
from mltui.parsers.lines.shapes import ObjectKind, Shape
from mltui.parsers.plans.plan import Plan
from mltui.parsers.records import objects
from mltui.parsers.words.keys import form_of
from mltui.parsers.words.tokens import READ_LIMIT
from mltui.parsers.words.values import Numbers, Span

#: Bytes that a kind of object takes for each of its names, and so does each of its plans.
_NAME = 400


class Structured:
    """Knows the kinds of objects there are."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._kinds: dict[tuple[object, ...], ObjectKind] = {}
        self._share = judge.points.budget.share(self._kinds.clear)

    def forget(self) -> None:
        """Let go of all kinds: their plans would be made otherwise by now."""
        self._share.clear()

    def understand(self, frame: bytes, key: bytes) -> tuple[Shape, list[Span] | None] | None:
        """What the object ``frame`` is, and which of its digits tell it from others; ``None`` if it is no object.

        Where its numbers have no fixed places there are none, and its shape gives the numbers of this line.
        """
        found = objects.parse_object(frame)
        if found is None:
            return None
        names, values, scopes = objects.flatten(found)
        at = objects.index_of_who(names, values)
        who = "" if at is None else f"{names[at]} {values[at]:g}"
        told = objects.is_sample(found), who, objects.texts_of_source(found), objects.is_identified(found)
        kind = self._kind_of(names, scopes, *told)
        # Texts in it may be others in each line: what does not soon come again need not be remembered.
        form = hash(form_of(key))
        again = form in kind.recent and len(frame) <= READ_LIMIT
        places = objects.places(frame, names, values, scopes) if again else None
        kind.recent.append(form)
        if places is not None:
            said = [] if at is None else [places[0][at]]
            return Shape("object", None, places[0], kind), places[1] + said
        numbers = tuple(values)
        shape = Shape("object", object=kind)
        shape.cut = lambda _: numbers
        return shape, None

    def _kind_of(
        self, names: list[str], scopes: dict[str, str], sample: bool, who: str, source: str, identified: bool
    ) -> ObjectKind:
        key = (*names, *scopes.items(), sample, who, source, identified)
        found = self._kinds.get(key)
        if found is None:
            self._share.take(_NAME * (len(names) + 2))
            found = self._kinds[key] = ObjectKind(names, scopes, sample, who, source, identified)
        return found

    def judge(self, kind: ObjectKind, whole: tuple[bool, ...], numbers: Numbers) -> Plan | None:
        """How to read objects of a kind of whose ``numbers`` these are ``whole``."""
        self._share.take(_NAME * (len(whole) + 2))
        record = objects.object_record(kind.names, whole, kind.scopes, kind.source)
        record.identified = kind.identified
        record.numbers = tuple(map(repr, numbers)) if kind.source else ()
        plan = self._judge.plan(record, "" if self._judge.who else kind.who)
        return None if kind.sample and plan is not None and not plan.counts else plan
