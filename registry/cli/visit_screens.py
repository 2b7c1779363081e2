"""What comes before a visit is saved or left: the summary, and the question."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from registry.cli.visit_words import lines_of
from registry.words import tr

if TYPE_CHECKING:
    from registry.entry.visit_write import Outcome

STYLES = {
    "record": "bold",
    "fact": "dim",
    "warning": "bold yellow",
    "consequence": "bold green",
    "wrong": "bold red",
    "heading": "bold underline",
}
INDENT = {"fact": "    ", "warning": "    ! ", "wrong": "  ! ", "heading": ""}


class Summary(Screen[None]):
    """What will be stored, what the registry says to it, and what follows."""

    BINDINGS: ClassVar = [Binding("escape", "back", show=False)]

    class Save(Message):
        """The person has seen it and wants it stored."""

        def __init__(self, reason: str) -> None:
            super().__init__()
            self.reason = reason

    def __init__(self, title: str, *, needs_reason: bool, reason: str) -> None:
        super().__init__()
        self._title = title
        self._needs_reason = needs_reason
        self._reason = reason
        self._outcome: Outcome | None = None

    def compose(self) -> ComposeResult:
        """Title, the summary, the reason where one is needed, the keys."""
        yield Static(self._title, classes="title", markup=False)
        with VerticalScroll(id="summary", can_focus=not self._needs_reason):
            yield Static(tr("Asking the registry ..."), id="words", markup=False)
        if self._needs_reason:
            yield Static(tr("Reason for the change:"), id="asked", markup=False)
            yield Input(self._reason, id="reason", compact=True)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Begins where something is to be typed, if anything is."""
        self.query_one("#reason" if self._needs_reason else "#summary").focus()
        self._show_keys()

    def show(self, outcome: Outcome) -> None:
        """Fills the summary."""
        self._outcome = outcome
        text = Text()
        for kind, words in _lines(outcome):
            text.append(f"{INDENT.get(kind, '  ')}{words}\n", STYLES[kind])
        self.query_one("#words", Static).update(text)
        self._show_keys()

    def refuse(self, words: str) -> None:
        """Says why nothing was stored."""
        text = Text(f"! {words}\n", STYLES["wrong"])
        self.query_one("#words", Static).update(text)

    def save(self) -> None:
        """Asks for it to be stored, unless something is wrong or the reason is missing."""
        if self._outcome is None or self._outcome.complaints or not self._outcome.said:
            self.app.bell()
            return
        reason = self.query_one("#reason", Input).value.strip() if self._needs_reason else ""
        if self._needs_reason and not reason:
            self.query_one("#asked", Static).update(
                Text(tr("Reason for the change, needed:"), STYLES["wrong"])
            )
            self.query_one("#reason").focus()
            return
        self.post_message(self.Save(reason or self._reason))

    def action_back(self) -> None:
        """Back to the form."""
        self.app.pop_screen()

    def _show_keys(self) -> None:
        can_save = self._outcome is not None and self._outcome.said
        keys = tr("Esc back to the form   Ctrl-C give up")
        if can_save and self._outcome is not None and not self._outcome.complaints:
            keys = tr("F2 or Ctrl-S save all of it") + "   " + keys
        self.query_one("#keys", Static).update(keys)


class Leave(ModalScreen[bool]):
    """Whether typed values are given up."""

    BINDINGS: ClassVar = [
        Binding("y", "answer(True)", show=False),
        Binding("n,escape", "answer(False)", show=False),
    ]

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def compose(self) -> ComposeResult:
        """The question."""
        words = tr("{number} typed values are not stored. Leave without them?", number=self._number)
        yield Static(f"{words}\n\n" + tr("y leave   n back to the form"), id="asked", markup=False)

    def action_answer(self, leave: bool) -> None:
        """Takes the answer."""
        self.dismiss(leave)


def _lines(outcome: Outcome) -> list[tuple[str, str]]:
    """The summary: what is to be mended first, then records, then what follows."""
    lines: list[tuple[str, str]] = []
    if outcome.complaints:
        lines.append(("heading", tr("To mend first")))
        lines += [("wrong", str(complaint)) for complaint in outcome.complaints]
        return lines
    if not outcome.said:
        return [("record", tr("Nothing is new: there is nothing to store."))]
    said = lines_of(outcome)
    lines.append(("heading", tr("Will be stored")))
    lines += [line for line in said if line[0] != "consequence"]
    lines.append(("heading", tr("What follows")))
    follows = [line for line in said if line[0] == "consequence"]
    return lines + (follows or [("fact", tr("Nothing changes in the patient's status."))])
