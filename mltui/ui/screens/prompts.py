"""Small screens that ask for a name, one of several, or what to do; and the one that shows what would be saved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen, Screen

from mltui.domain.text import clean, one_line
from mltui.ui.command import bindings
from mltui.ui.presentation.diagnosis import diff_lines
from mltui.ui.presentation.fuzzy import rank
from mltui.ui.screen_commands import DIFF, PROMPT
from mltui.ui.screens.reading import ReadingScreen
from mltui.ui.widgets.bars import KeyBar
from mltui.ui.widgets.lines import Line, LinesWidget, cut
from mltui.ui.widgets.list_table import ListTable
from mltui.ui.widgets.text_view import folded
from mltui.ui.widgets.typed_text import TypedText

T = TypeVar("T")

#: Columns of a prompt's lines, until it is known how many they have.
_WIDTH = 60


def answer_from(screen: Screen[T], answer: T) -> None:
    """Let ``screen`` answer, which need not be the one on top: what was opened over it goes, unanswered. One that was
    left meanwhile answers nothing."""
    app = screen.app
    if screen not in app.screen_stack:
        return
    while app.screen is not screen:
        app.pop_screen()
    screen.dismiss(answer)


class Offer(NamedTuple):
    """One of several to choose."""

    key: str
    about: str = ""


class PromptScreen(ModalScreen[str]):
    """A line to type with offers under it, narrowed by what is typed. Answers the text, or nothing.

    ``offers`` are all there are, or found for each text that is typed, as the entries of the folder that it names.
    ``free``: what is typed counts; else one of the offers is taken. ``check`` says what is wrong with a text.
    """

    DEFAULT_CSS = """
    PromptScreen { align: center middle; }
    PromptScreen > Vertical { width: 90%; max-width: 90; height: auto; max-height: 90%; border: round $primary;
        background: $surface; padding: 0 1; }
    PromptScreen LinesWidget { height: auto; background: $surface; }
    PromptScreen ListTable { height: auto; max-height: 12; background: $surface; }
    PromptScreen KeyBar { dock: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(PROMPT)]

    def __init__(
        self,
        title: str,
        offers: Sequence[Offer] | Callable[[str], Sequence[Offer]] = (),
        *,
        text: str = "",
        free: bool = True,
        about: str = "",
        check: Callable[[str], str] = lambda _: "",
    ) -> None:
        super().__init__()
        self._title = one_line(title, 120)
        self._offers = offers if callable(offers) else lambda text: offers
        self._offered = False
        """There have been offers."""
        self._free = free
        self._about = about
        self._check = check
        self._typed = TypedText.of(text)
        self.line = LinesWidget()
        self.table: ListTable[Offer] = ListTable(
            lambda o: o.key, self._offer_line, lambda o: o.key, empty="nothing fits"
        )
        self.table.can_focus = False
        self._chosen = not free

    def compose(self) -> ComposeResult:
        """What is asked, the line, the offers, the keys."""
        bar = KeyBar()
        with Vertical() as box:
            box.border_title = Content(self._title)
            yield self.line
            yield self.table
            yield bar
        bar.show(tuple(command for command in PROMPT if command.footer))

    def on_mount(self) -> None:
        """Show it."""
        self._show()

    def _show(self) -> None:
        text, at = clean(self._typed.text), self._typed.at
        said = self._check(text.strip()) if text else ""
        lines: list[Line] = [[("› ", "key"), (text[:at], "strong"), ("▏", "key"), (text[at:], "strong")]]
        about: Line = [(said, "error")] if said else [(self._about, "dim")]
        lines += folded([about], self.line.size.width or _WIDTH)
        self.line.show_lines(lines)
        wanted = text.strip()
        offers = self._offers(wanted)
        ranked = [(place, offer) for offer in offers if (place := rank(wanted, offer.key, offer.about))]
        if wanted:
            ranked.sort(key=lambda pair: pair[0])
        rows = [offer for _, offer in ranked]
        # Shown with the first offer, the list stays when none fits, and says so.
        self._offered |= bool(offers)
        self.table.display = self._offered
        self.table.styles.height = max(1, min(len(rows), 12))
        self.table.update(rows)

    def _offer_line(self, offer: Offer, width: int) -> Line:
        """A name, and what is said of it beside the longest name, where there is room."""
        longest = max(len(one.key) for one in self.table.rows) + 1
        names = max(16, min(longest, width // 2)) if offer.about else width
        return [(cut(one_line(offer.key, 200), names), "text"), (f" {one_line(offer.about, 200)}", "dim")]

    def on_resize(self) -> None:
        """Fold what is said into the room there is."""
        self.call_after_refresh(self._show)

    def on_key(self, event: events.Key) -> None:
        """What is typed is the text."""
        if event.key in ("enter", "escape", "tab", "down", "up", "ctrl+n"):
            return
        if self._typed.press(event.key, event.character if event.is_printable else None):
            event.stop()
            event.prevent_default()
            self._chosen = not self._free
            self._show()
            # The best that fits is what is completed, or taken.
            self.table.move(0)

    def on_paste(self, event: events.Paste) -> None:
        """A pasted text is typed, on one line."""
        self._typed.insert(" ".join(event.text[:10_000].split()))
        self._show()
        self.table.move(0)

    def action_cursor(self, steps: int) -> None:
        """Choose another offer."""
        if self._chosen:
            self.table.action_cursor(steps)
        self._chosen = self.table.current is not None

    def action_complete(self) -> None:
        """Type the offer."""
        offer = self.table.current
        if offer is not None:
            self._typed = TypedText.of(offer.key)
            self._show()
            self.table.move(0)

    def action_take(self) -> None:
        """Answer."""
        offer = self.table.current
        text = offer.key if self._chosen and offer is not None else self._typed.text.strip()
        if not text or self._check(text) or (not self._free and offer is None):
            self.app.bell()
            return
        self.dismiss(text)

    def on_list_table_chosen(self, message: ListTable.Chosen) -> None:
        """A click takes an offer."""
        message.stop()
        self.dismiss(message.key)

    def action_close(self) -> None:
        """Answer nothing."""
        self.dismiss(None)


class ChoiceScreen(ModalScreen[str]):
    """Says something and offers a few answers, each with a key; escape answers nothing."""

    DEFAULT_CSS = """
    ChoiceScreen { align: center middle; }
    ChoiceScreen > Vertical { width: auto; max-width: 90%; height: auto; max-height: 90%; border: round $warning;
        background: $surface; padding: 1 2; }
    ChoiceScreen LinesWidget { width: 66; max-width: 100%; height: auto; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self, said: Sequence[str], answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._said = said
        self._answers = (*answers, ("esc", "Go back"))

    def compose(self) -> ComposeResult:
        """What is said, and the answers."""
        from textwrap import wrap

        lines: list[Line] = [[(part, "text")] for said in self._said for part in wrap(clean(said), 64)]
        lines.append([])
        lines += [[(f"{key:>4} ", "key"), (title, "text")] for key, title in self._answers]
        widget = LinesWidget()
        with Vertical():
            yield widget
        widget.show_lines(lines)

    def on_key(self, event: events.Key) -> None:
        """A key is an answer."""
        event.stop()
        if event.key == "escape":
            self.dismiss(None)
        elif any(event.character == key for key, _ in self._answers):
            self.dismiss(event.character)


class DiffScreen(ReadingScreen[bool]):
    """What would be saved, as a diff; the answer is ``True`` when it is to be."""

    DEFAULT_CSS = "DiffScreen > Vertical { max-width: 120; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(DIFF)]

    def __init__(self, title: str, diff: Sequence[str], *warnings: str) -> None:
        """``warnings`` stand above it, a line each."""
        super().__init__(title, DIFF)
        self._diff = diff
        self._warnings = warnings

    def on_mount(self) -> None:
        """Show it."""
        head: list[Line] = [[(f"! {one_line(warning, 200)}", "warn")] for warning in self._warnings]
        self.view.show([*head, *([[]] if head else []), *diff_lines(self._diff)])

    def action_answer(self, save: bool) -> None:
        """Answer."""
        self.dismiss(save)
