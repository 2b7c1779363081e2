"""What comes before a visit is saved or left: the summary, and the question."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from registry.cli.visit.widgets import Typing
from registry.cli.visit.words import complaint_words, lines_of
from registry.words import tr

if TYPE_CHECKING:
    from registry.entry.visit.write import Outcome

# What stands before a line, so that it is told from others without colours.
SIGNS = {"warning": "! ", "wrong": "! "}


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
        yield Static(f" {self._title}".ljust(self.app.size.width), classes="title", markup=False)
        with VerticalScroll(id="summary", can_focus=not self._needs_reason):
            yield Static(tr("Asking the registry ..."), markup=False)
        if self._needs_reason:
            yield Static(tr("Reason for the change:"), id="asked", markup=False)
            yield Typing(self._reason, id="reason", compact=True)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Begins where something is to be typed, if anything is."""
        self.query_one("#reason" if self._needs_reason else "#summary").focus()
        self._show_keys()

    async def show(self, outcome: Outcome) -> None:
        """Fills the summary."""
        self._outcome = outcome
        await self._fill(_lines(outcome))
        self._show_keys()

    async def refuse(self, words: str) -> None:
        """Says why nothing was stored."""
        self._outcome = None
        await self._fill([("wrong", line) for line in words.splitlines()])
        self._show_keys()

    async def _fill(self, lines: list[tuple[str, str]]) -> None:
        summary = self.query_one("#summary", VerticalScroll)
        await summary.remove_children()
        await summary.mount_all(
            Static(f"{SIGNS.get(kind, '')}{words}", classes=kind, markup=False)
            for kind, words in lines
        )

    def save(self) -> None:
        """Asks for it to be stored, unless something is wrong or the reason is missing."""
        if self._outcome is None or self._outcome.complaints or not self._outcome.said:
            self.app.bell()
            return
        reason = self.query_one("#reason", Input).value.strip() if self._needs_reason else ""
        if self._needs_reason and not reason:
            asked = self.query_one("#asked", Static)
            asked.update(tr("! A change of what was entered before needs a reason:"))
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
        self.query_one("#keys", Static).update(f" {keys}".ljust(self.app.size.width))


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
        words = tr(
            "{number:typed value is|typed values are} not stored. Leave all the same?",
            number=self._number,
        )
        yield Static(f"{words}\n\n" + tr("y leave   n back to the form"), id="asked", markup=False)

    def action_answer(self, leave: bool) -> None:
        """Takes the answer."""
        self.dismiss(leave)


def _lines(outcome: Outcome) -> list[tuple[str, str]]:
    """The summary: what is to be mended first, then records, then what follows."""
    lines: list[tuple[str, str]] = []
    if outcome.complaints:
        lines.append(("heading", tr("To mend first")))
        lines += [("wrong", complaint_words(one)) for one in outcome.complaints]
        return lines
    if not outcome.said:
        return [("record", tr("Nothing is new: there is nothing to store."))]
    said = lines_of(outcome)
    follows = [line for line in said if line[0] == "consequence"]
    return [
        ("heading", tr("What follows")),
        *(follows or [("fact", tr("Nothing changes in the patient's status."))]),
        ("heading", tr("Will be stored")),
        *(line for line in said if line[0] != "consequence"),
    ]
