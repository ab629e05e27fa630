"""What the keys of a profile's form do: values typed and stepped, entries added, named and removed, fields found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from mltui.domain.schema import Kind, SchemaField, profile_schema
from mltui.ui.presentation.profile_form import FormRow, Path, key_of_path, short_form
from mltui.ui.screens.prompts import Offer, PromptScreen
from mltui.ui.widgets.form_table import FormTable

if TYPE_CHECKING:
    from mltui.runtime.profile_draft import Change
    from mltui.ui.screens.editor_profile import EditedProfile
    from mltui.ui.screens.profile_editor import ProfileEditor

_COLLECTIONS = (Kind.LIST, Kind.MAP, Kind.SECTION)


class FormCommands:
    """Acts on the row under the cursor of the form."""

    def __init__(self, screen: ProfileEditor, profile: EditedProfile) -> None:
        self._screen = screen
        self._profile = profile
        self._table = screen.form
        self._typings = 0
        """How often typing has ended: what is typed then is another change."""

    def field(self, row: FormRow | None) -> SchemaField | None:
        """The schema's field of a row."""
        return self._profile.form.fields.get(row.key) if row else None

    @property
    def _row(self) -> FormRow | None:
        """The row under the cursor, where it is one that something can be done to."""
        row = self._table.current
        return None if row is None or row.heading else row

    def _value(self, path: Path) -> Any:  # noqa: ANN401 - any YAML value
        draft = self._profile.draft
        return draft.document.get(path) if draft and draft.document else None

    def _on_row(self, act: Callable[[FormRow], None]) -> None:
        """Do something to the row under the cursor, as it is when all keys pressed before have done their part."""
        row = self._row
        if row is None:
            return
        key = row.key

        def go_on() -> None:
            now = next((one for one in self._profile.form.rows if one.key == key), None)
            if now is not None:
                act(now)

        self._profile.when_settled(go_on)

    def _offering(self, known: SchemaField | None) -> Callable[[str], Sequence[Offer]]:
        """What a text that is typed for a field may go on to be."""
        return lambda text: [Offer(offer) for offer in self._profile.completions.offers(known, text)]

    # -- values -------------------------------------------------------------------------------------------------------

    def offers(self, row: FormRow, text: str) -> Sequence[str]:
        """What the text that is typed in a row may go on to be."""
        return self._profile.completions.offers(self.field(row), text)

    def typed(self, message: FormTable.Typed) -> None:
        """Each letter is in the text at once; given up, it is as it was."""
        row, text = message.row, message.text
        typing = f"{row.key} {self._typings}"
        if message.done or message.given_up:
            self._typings += 1
        unchanged = message.done and text == row.begins_with
        # A value that is empty for the moment is being typed anew: its row stays until it is taken.
        if message.given_up or unchanged or not (text or message.done):
            self._profile.change(lambda document: document, typing)
        else:
            self._profile.change(_setting(row.path, text, profile_schema().at(*row.path)), typing)

    def choose(self) -> None:
        """Type the value; of what has entries, show them or not."""
        row = self._row
        if row is None:
            return
        known = self.field(row)
        if row.collection:
            self._profile.fold(row.path)
        elif row.several_lines:
            self.show_in_text()
        elif not row.said and known is not None and known.kind in _COLLECTIONS:
            self.add()
        elif known is not None and known.kind is Kind.BOOL and row.said:
            self.step(1)
        else:
            self._on_row(lambda _: self._table.begin())

    def step(self, by: int) -> None:
        """The next value; of what has entries, unfold or fold."""
        row = self._row
        if row is not None and row.collection:
            if row.folded == (by > 0):
                self._profile.fold(row.path)
            return
        self._on_row(lambda now: self._step(now, by))

    def _step(self, row: FormRow, by: int) -> None:
        from mltui.ui.presentation.form_values import default_of_param, next_value

        known = self.field(row)
        param = self._value(row.path[:-1]) if len(row.path) == 3 else None
        bounded = known
        if known and known.path == ("params", "*", "default") and isinstance(param, dict):
            bounded = default_of_param(known, param)
        wanted = next_value(row.written, by, bounded)
        if wanted != row.written and not row.several_lines and not row.collection:
            self._profile.change(_setting(row.path, wanted, known))

    def show_in_text(self) -> None:
        """Go to where the field stands in the text."""
        row, draft = self._table.current, self._profile.draft
        if row is None or not row.said or draft is None or draft.document is None:
            self._screen.app.bell()
            return
        self._screen.go_to_text(*draft.document.source.place(row.path))

    # -- entries ------------------------------------------------------------------------------------------------------

    def remove(self) -> None:
        """Take the key or the entry out of the file; undo brings it back."""

        def take_out(row: FormRow) -> None:
            if row.said:
                self._profile.change(lambda document: document.remove(row.path))

        self._on_row(take_out)

    def move(self, by: Literal[-1, 1]) -> None:
        """Put the entry of a list behind the next one, or before the one before it."""

        def put(row: FormRow) -> None:
            place = row.path[-1] if row.said and row.path else None
            entries = self._value(row.path[:-1])
            if not isinstance(place, int) or not isinstance(entries, list):
                self._screen.app.notify("Only the entries of a list have an order that can be changed.", timeout=3)
            elif 0 <= place + by < len(entries):
                self._profile.change(lambda document: document.move(row.path, by), then_at=(*row.path[:-1], place + by))
            else:
                self._screen.app.bell()

        self._on_row(put)

    def rename(self) -> None:
        """Another name for a name of one's own."""
        row = self._table.current
        if row is None or not row.said or not row.path or not isinstance(row.path[-1], str):
            self._screen.app.bell()
            return
        path, old = row.path, row.path[-1]

        def named(name: str | None) -> None:
            if name and name != old:
                self._profile.change(lambda document: document.rename_key(path, name), then_at=(*path[:-1], name))

        self._screen.app.push_screen(PromptScreen(f"Another name for {old}", text=old), named)

    def add(self) -> None:
        """Add an entry to the list or mapping that the cursor is on or in."""
        row = self._table.current
        if row is None:
            return
        path, known = row.path, self.field(row)
        if not (row.collection or (known and not row.said and known.kind in _COLLECTIONS)):
            path = path[:-1]
        value = self._value(path)
        known = self._profile.form.fields.get(key_of_path(path)) if path else None
        if not path:
            self.find()
        elif isinstance(value, list) or (value is None and known and known.kind is Kind.LIST):
            self._add_item(path, known)
        elif known is not None and known.kind is Kind.SECTION:
            self._add_key(path, known, value)
        else:
            self._add_pair(path, known, value)

    def _add_item(self, path: Path, known: SchemaField | None) -> None:
        from mltui.ui.presentation.form_values import typed_value

        item = known.item if known else None
        short = short_form(item)
        examples = f"such as {', '.join(short.examples[:2])}" if short and short.examples else ""
        there = self._value(path)
        count = len(there) if isinstance(there, list) else 0

        def added(text: str | None) -> None:
            if text:
                value = typed_value(text, item, None)
                self._profile.unfold(path)
                self._profile.change(lambda document: document.append(path, value), then_at=(*path, count))

        prompt = PromptScreen(f"New entry of {key_of_path(path)}", self._offering(item), about=examples)
        self._screen.app.push_screen(prompt, added)

    def _add_pair(self, path: Path, known: SchemaField | None, value: Any) -> None:  # noqa: ANN401 - any YAML value
        taken = list(value) if isinstance(value, dict) else []
        offers = [Offer(name, "of your environment") for name in self._profile.completions.names(known, taken)]

        def check(text: str) -> str:
            name = text.partition("=")[0].strip()
            return f"there is a {name} already" if name in taken else ""

        def added(text: str | None) -> None:
            if text:
                name, equals, rest = (part.strip() for part in text.partition("="))
                self._profile.unfold(path)
                setting = _setting((*path, name), rest if equals else None, known.item if known else None)
                self._profile.change(setting, then_at=(*path, name))

        variables = known is not None and known.names is Kind.VARIABLE
        about = "NAME=value; a name alone takes the caller's" if variables else "name=value"
        prompt = PromptScreen(f"New entry of {key_of_path(path)}", offers, about=about, check=check)
        self._screen.app.push_screen(prompt, added)

    def _add_key(self, path: Path, known: SchemaField, value: Any) -> None:  # noqa: ANN401 - any YAML value
        taken = value if isinstance(value, dict) else {}
        offers = [Offer(one.key, one.help) for one in known.fields if one.key not in taken]

        def chosen(key: str | None) -> None:
            field = known.at(key) if key else None
            if key and field:
                self._begin_field((*path, key), field)

        self._screen.app.push_screen(PromptScreen(f"Key of {key_of_path(path)}", offers, free=False), chosen)

    # -- fields -------------------------------------------------------------------------------------------------------

    def find(self) -> None:
        """Go to a field by letters of its name; one that the profile does not say is added."""
        schema = profile_schema()
        rows = {row.key: row for row in self._profile.form.rows if not row.heading}
        offers = [Offer(one.key, f"{one.title}. {one.help}") for one in schema.fields]
        offers += [Offer(row.key, row.value) for row in rows.values() if len(row.path) > 1]

        def chosen(key: str | None) -> None:
            if not key:
                return
            if key in rows:
                self._table.select(key)
                if not rows[key].said:
                    self.choose()
                return
            field = schema.at(key)
            if field:
                self._begin_field((key,), field)

        self._screen.app.push_screen(PromptScreen("Field", offers, free=False), chosen)

    def _begin_field(self, path: Path, known: SchemaField) -> None:
        """Say a field that is not said yet: ask for its value."""
        if known.kind in _COLLECTIONS and not known.forms:
            if known.kind is Kind.SECTION:
                self._add_key(path, known, None)
            elif known.kind is Kind.MAP:
                self._add_pair(path, known, None)
            else:
                self._add_item(path, known)
            return
        if known.kind is Kind.BOOL:
            self._say(path, "false" if known.default is True else "true", known)
            return

        def valued(text: str | None) -> None:
            if text:
                self._say(path, [text] if known.kind is Kind.LIST else text, known)

        prompt = PromptScreen(f"{key_of_path(path)}: {known.title}", self._offering(known), about=known.help)
        self._screen.app.push_screen(prompt, valued)

    def _say(self, path: Path, value: object, known: SchemaField) -> None:
        self._profile.unfold(path[:-1])
        self._profile.change(_setting(path, value, known), then_at=path)


def _setting(path: Path, text: object, known: SchemaField | None) -> Change:
    """The change that puts what was typed at ``path``; an empty text takes an optional key away."""
    from mltui.ui.presentation.form_values import typed_value

    def change(document: Any) -> Any:  # noqa: ANN401 - a YamlDocument, of a module that is imported late
        if not isinstance(text, str):
            return document.set(path, text)
        old = document.get(path)
        if text == "" and known is not None and known.key != "*":
            return document.remove(path) if old is not None else document
        return document.set(path, text if document.quoted(path) else typed_value(text, known, old))

    return change
