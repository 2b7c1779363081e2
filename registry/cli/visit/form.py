"""The form of a visit: every field on one page, keyboard only; nothing is stored before it is said.

The database is asked in threads, each time in a transaction of its own that is rolled back, so that
typing never waits and nothing stays open while a person thinks.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import ClassVar

from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.color import Color
from textual.filter import LineFilter
from textual.message import Message
from textual.widgets import Input, Static

from registry.cli.frame.terminal import as_text
from registry.cli.visit.heard import Heard
from registry.cli.visit.messages import Answered, Failed, Read, Saved, words_of
from registry.cli.visit.page import Page, settled
from registry.cli.visit.screens import Leave, Summary
from registry.cli.visit.widgets import Line, Typed
from registry.database.engine import Database
from registry.entry.answers.pcdai_points import Levels, levels_of_items
from registry.entry.visit.day import Day, Visit, read_day, read_on
from registry.entry.visit.fields import FIELDS, ON
from registry.entry.visit.plan import plan_of
from registry.entry.visit.write import Outcome, preview, proposals, save
from registry.errors import WrongUsage
from registry.words import spoken, tr

# Where the page has room for two columns.
WIDE = 112


class _AsText(LineFilter):
    """Shows a sign for what would command the terminal."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The line as text."""
        return [Segment(as_text(one.text), one.style, one.control) for one in segments]


_AS_TEXT = _AsText()


class VisitApp(App[None]):
    """One visit. After it ran `outcome` is what was stored, None if nothing was.

    `typed` holds the fields that have another value than the day has, by name; `interrupted` is
    set where the person gave up with Ctrl-C.
    """

    TITLE = "registry visit"
    CSS_PATH = "form.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar = [
        Binding("f2,ctrl+s", "summary", priority=True),
        Binding("f3,ctrl+t", "take", priority=True),
        Binding("f4,ctrl+y", "take_all", priority=True),
        Binding("f5,ctrl+r", "read_again", priority=True),
        # Keys that leave a field are the app's own: what is typed ahead then goes to the next one.
        Binding("down,enter,tab", "go(1)", priority=True),
        Binding("up,shift+tab", "go(-1)", priority=True),
        Binding("pagedown", "go_section(1)", priority=True),
        Binding("pageup", "go_section(-1)", priority=True),
        Binding("escape", "leave"),
        Binding("ctrl+q", "leave", priority=True),
        Binding("ctrl+c", "interrupt", priority=True),
    ]
    OF_THE_PAGE = ("take", "take_all", "read_again", "go", "go_section", "leave")

    def __init__(
        self,
        database: Database,
        day: Day,
        levels: dict[str, Levels],
        *,
        user: str,
        reason: str | None = None,
        ask_day: bool = False,
    ) -> None:
        super().__init__(ansi_color=True)
        self._database = database
        self._user = user
        self._reason = reason or ""
        self._first = ON if ask_day else next(iter(FIELDS))
        self.day = day
        self.typed: dict[str, str] = {}
        self.outcome: Outcome | None = None
        self.interrupted = False
        self._heard = Heard()
        self._left: set[str] = set()
        self._page = Page(self.visit, levels)
        self._asking = self._ask_again = self._saving = self._then_summary = False

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What the page shows is text, whatever signs a value holds."""
        return [*super().get_line_filters(), _AS_TEXT]

    @property
    def visit(self) -> Visit:
        """What has been typed for the day."""
        return Visit(self.day, dict(self.typed))

    @property
    def is_asking(self) -> bool:
        """Whether the registry still thinks about what was typed."""
        return self._asking

    def compose(self) -> ComposeResult:
        """Whose visit, the page, what the field is about, the keys."""
        yield Static(id="head", markup=False)
        yield self._page
        yield Static(id="about", markup=False)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Begins at the first field that nobody has named yet."""
        if sys.platform != "win32":
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.action_interrupt)
        self._focus(self._page.lines()[self._first])
        self._show()
        self._ask()

    # Typing

    def on_typed(self, message: Typed) -> None:
        """Asks the registry when a field is done."""
        if message.name == ON:
            on = self._typed_day()
            if on is not None and on != self.day.on:
                self._read(on)
            return
        self._left.add(message.name)
        self.typed = self._page.typed(self.day)
        self._show()
        self._ask()

    def on_descendant_focus(self) -> None:
        """Marks the line, and says what the field is about."""
        if self.focused is not None and isinstance(self.focused.parent, Line):
            self._page.go_to(self.focused.parent)
        self._show_about()

    def _focus(self, line: Line) -> None:
        # Not the control's own focus(), which comes after what has been typed ahead.
        self.screen_stack[0].set_focus(line.control)

    # Asking the registry

    def _ask(self) -> None:
        """Asks in a thread; while it asks the next question waits, and only the last is put."""
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        self._show_head()
        visit = self.visit

        def asked() -> Message:
            with self._database.engine.connect() as connection:
                return Answered(Heard(preview(connection, visit), proposals(connection, visit)))

        self._in_thread(asked)

    def _in_thread(self, work: Callable[[], Message]) -> None:
        """Does it beside the typing; what comes of it, or went wrong, comes as a message."""

        def run() -> None:
            try:
                message = work()
            except Exception as error:
                message = Failed(words_of(error))
            self.post_message(message)

        self.run_worker(run, thread=True, exit_on_error=False)

    async def on_answered(self, message: Answered) -> None:
        """Shows it, or asks again where more has been typed meanwhile."""
        self._asking = False
        if self._ask_again:
            self._ask_again = False
            self._ask()
            return
        self._heard = message.heard
        self._show()
        if isinstance(self.screen, Summary):
            await self.screen.show(self._heard.outcome)

    async def on_failed(self, message: Failed) -> None:
        """Says why; on the summary where something was to be stored."""
        self._asking = self._saving = self._then_summary = False
        if isinstance(self.screen, Summary):
            await self.screen.refuse(message.words)
        else:
            self.notify(message.words, severity="error", markup=False)
        self._show_head()

    def _typed_day(self) -> date | None:
        """The day that stands on the page; None, and said beside it, where it is none."""
        line = self._page.lines()[ON]
        try:
            on = read_on(self._page.day_text())
        except WrongUsage as error:
            line.tell(f"! {error.problem}", "wrong")
            return None
        line.tell("", "last")
        return on

    def _read(self, on: date) -> None:
        study_id = self.day.study_id

        def read() -> Message:
            with self._database.engine.connect() as connection:
                day = read_day(connection, study_id, on)
                return Read(day, levels_of_items(connection, day.patient.patient, on))

        self._in_thread(read)

    async def on_read(self, message: Read) -> None:
        """Shows the day as it now stands; what was typed stays."""
        await self._page.settle()
        self.typed = self._page.typed(self.day)
        self.day = message.day
        await self._page.show_day(self.visit, message.levels)
        if self.focused is None:
            self._focus(self._page.lines()[self._first])
        self.typed = self._page.typed(self.day)
        self._ask()
        if self._then_summary:
            self._then_summary = False
            self._open_summary()

    # Showing

    def _show(self) -> None:
        self._show_head()
        self._page.show(self._heard, self.visit, self._left)
        self._show_about()

    def _show_head(self) -> None:
        who = tr(
            "Visit of {patient}, {sex}, {years:year|years}, {centre}",
            patient=self.day.study_id,
            sex=spoken(str(self.day.patient.cells["sex"])),
            years=self.day.age(),
            centre=self.day.patient.cells["centre"],
        )
        to_mend = self._heard.to_mend(self.visit)
        if self._asking:
            state = tr("asking ...")
        elif to_mend:
            state = tr("to mend: {number}", number=to_mend)
        else:
            state = tr("typed: {number}", number=len(self.typed)) if self.typed else ""
        space = max(self.size.width - len(who) - len(state) - 2, 1)
        keys = tr("F2 save  F3 take proposal  F4 take all  F5 reread  PgDn section  Esc leave")
        form = self.screen_stack[0]
        form.query_one("#head", Static).update(f" {who}{' ' * space}{state} ", layout=False)
        bar = f" {keys}".ljust(self.size.width)
        form.query_one("#keys", Static).update(bar, layout=False)

    def on_resize(self) -> None:
        """The bars are as wide as the terminal."""
        self._show_head()

    def _show_about(self) -> None:
        if len(self.screen_stack) == 1:
            about = self._page.about(self.focused, self._heard, self.visit)
            self.screen.query_one("#about", Static).update(about, layout=False)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The page's own keys are not those of the screens above it."""
        return action not in self.OF_THE_PAGE or len(self.screen_stack) == 1

    def action_go(self, step: int) -> None:
        """To the next field or the one before."""
        (self.screen.focus_next if step > 0 else self.screen.focus_previous)()

    def action_go_section(self, step: int) -> None:
        """To the first field of the next section, or of the one before."""
        ancestors = [] if self.focused is None else self.focused.ancestors
        sections = self._page.sections()
        here = [place for place, one in enumerate(sections) if one in ancestors]
        place = here[0] + step if here else 0
        self._focus(sections[min(max(place, 0), len(sections) - 1)].query(Line).first())

    def action_take(self) -> None:
        """Takes what is proposed for the field, and goes on."""
        name = None if self.focused is None else self.focused.name
        offer = self._heard.offers(self.visit).get(name or "")
        if name is None or offer is None:
            self.bell()
            return
        self._page.fill(name, offer.value)
        self.on_typed(Typed(name))
        self.screen.focus_next()

    def action_take_all(self) -> None:
        """Takes every proposal for a field that is still empty."""
        for name, offer in self._heard.offers(self.visit).items():
            if not self.visit.text(name):
                self._page.fill(name, offer.value)
                self.on_typed(Typed(name))

    def action_read_again(self) -> None:
        """The day as it stands now; what was typed stays."""
        self._read(self.day.on)

    async def action_summary(self) -> None:
        """What would be stored; on the summary, stores it."""
        if isinstance(self.screen, Summary):
            for one in self.screen.query(Input):
                await settled(one)
            self.screen.save()
        elif len(self.screen_stack) == 1:
            await self._page.settle()
            on = self._typed_day()
            if on is None:
                self.bell()
            elif on == self.day.on:
                self._open_summary()
            else:
                # The summary is of the day that stands on the page, which is not read yet.
                self._then_summary = True
                self._read(on)

    def _open_summary(self) -> None:
        self.typed = self._page.typed(self.day)
        self._left.update(FIELDS)
        title = tr("Visit of {patient} on {on}: summary", patient=self.day.study_id, on=self.day.on)
        needs_reason = plan_of(self.visit).needs_reason()
        self.push_screen(Summary(title, needs_reason=needs_reason, reason=self._reason))
        self._ask()

    def on_summary_save(self, message: Summary.Save) -> None:
        """Stores it in one transaction, in a thread."""
        if self._saving:
            return
        self._saving = True
        visit = self.visit

        def saved() -> Message:
            with self._database.engine.begin() as connection:
                outcome = save(connection, visit, user=self._user, reason=message.reason)
            return Saved(outcome)

        self._in_thread(saved)

    def on_saved(self, message: Saved) -> None:
        """Done."""
        self.outcome = message.outcome
        self.exit()

    async def action_leave(self) -> None:
        """Leaves, after a question where something has been typed."""
        await self._page.settle()
        self.typed = self._page.typed(self.day)
        if not self.typed:
            self.exit()
            return

        def answered(leave: bool | None) -> None:
            if leave:
                self.exit()

        self.push_screen(Leave(len(self.typed)), answered)

    def action_interrupt(self) -> None:
        """Gives up; what is being stored at this moment is stored and said."""
        if not self._saving:
            self.interrupted = True
            self.exit()
