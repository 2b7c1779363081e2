"""The form of a visit: every field on one page, keyboard only; nothing is stored before it is said.

The database is asked in threads, each time in a transaction of its own that is rolled back, so that
typing never waits and nothing stays open while a person thinks.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.suggester import Suggester, SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from registry.cli.visit_screens import Leave, Summary
from registry.cli.visit_widgets import Course, Drugs, Item, Line, Section, TextField, Typed
from registry.cli.visit_words import section_label, short_label
from registry.database.engine import Database
from registry.entry.facts import shown
from registry.entry.pcdai_levels import Levels, levels_of_items
from registry.entry.proposals import Proposal
from registry.entry.visit import Day, Visit, read_day, read_on
from registry.entry.visit_fields import (
    FIELDS,
    ON,
    SECTION_OF,
    SECTIONS,
    STARTED,
    STOPPED,
    TOTAL,
    Field,
    drugs_of,
)
from registry.entry.visit_file import about_field
from registry.entry.visit_plan import plan_of
from registry.entry.visit_write import Outcome, preview, proposals, save
from registry.errors import RegistryError, WrongUsage
from registry.models.pcdai_visit import ITEMS
from registry.words import spoken, tr

LEFT = ("anthropometry", "lab")


class Body(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The page of fields; arrows and page keys go from field to field."""


class Checked(Message):
    """What the registry says to what has been typed."""

    def __init__(self, outcome: Outcome, offers: list[Proposal]) -> None:
        super().__init__()
        self.outcome = outcome
        self.offers = offers


class Read(Message):
    """The day as it stands."""

    def __init__(self, day: Day, levels: dict[str, Levels]) -> None:
        super().__init__()
        self.day = day
        self.levels = levels


class Failed(Message):
    """The registry refused, or could not be asked."""

    def __init__(self, words: str, *, saving: bool = False) -> None:
        super().__init__()
        self.words = words
        self.saving = saving


class Saved(Message):
    """The visit is stored."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


class VisitApp(App[None]):
    """One visit. After it ran `outcome` is what was stored, None if nothing was.

    `typed` holds the fields that have another value than the day has, by name; `interrupted` is
    set where the person gave up with Ctrl-C.
    """

    TITLE = "registry visit"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (112, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar = [
        Binding("f2,ctrl+s", "summary", priority=True),
        Binding("f3,ctrl+t", "take", priority=True),
        Binding("f4,ctrl+y", "take_all", priority=True),
        Binding("f5,ctrl+r", "read_again", priority=True),
        # Keys that leave a field are the app's own: what is typed ahead then goes to the next one.
        Binding("down,enter,tab", "go(1)", priority=True),
        Binding("up,shift+tab", "go(-1)", priority=True),
        *(Binding(digit, f"choose('{digit}')", priority=True) for digit in Item.DIGITS),
        Binding("pagedown", "go_section(1)", priority=True),
        Binding("pageup", "go_section(-1)", priority=True),
        Binding("escape", "leave"),
        Binding("ctrl+q", "leave", priority=True),
        Binding("ctrl+c", "interrupt", priority=True),
    ]
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    .title, #about { text-style: bold; }
    #head { height: 1; text-style: reverse; }
    #body { height: 1fr; scrollbar-size-vertical: 1; }
    #left, #right { height: auto; }
    .-wide #body { layout: horizontal; }
    .-wide #left { width: 48%; padding-right: 1; }
    .-wide #right { width: 52%; }
    .-wide Line .name { width: 21; }
    .-wide #left Line .name { width: 20; }
    .-wide #left TextField { width: 13; }
    Section { height: auto; margin-bottom: 1; }
    .heading { text-style: bold underline; height: 1; }
    Line { height: 1; }
    Line .name { width: 23; height: 1; text-overflow: ellipsis; text-wrap: nowrap; }
    Line.here .name { text-style: bold; }
    Line TextField { width: 15; background: ansi_default; border-left: solid ansi_blue;
                     border-right: solid ansi_blue; }
    Line.long TextField { width: 1fr; max-width: 36; }
    Line Item, Line Course { width: 15; height: 1; }
    Line Item:focus, Line Course:focus { text-style: reverse; }
    Line TextField:focus { border-left: solid ansi_yellow; border-right: solid ansi_yellow; }
    Input > .input--cursor { text-style: reverse; }
    .beside { width: 1fr; height: 1; padding-left: 1; text-overflow: ellipsis;
              text-wrap: nowrap; }
    .last, .needed, .fact { text-style: dim; }
    .offer { color: ansi_cyan; }
    .wrong { color: ansi_red; text-style: bold; }
    .said { padding-left: 2; height: auto; color: ansi_green; }
    #about { height: 6; border-top: solid ansi_blue; text-style: none; padding: 0 1; }
    #keys { height: 1; text-style: reverse; }
    Summary .title { height: 1; text-style: reverse; }
    #summary { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    #summary Static { height: auto; }
    Summary .heading { margin-top: 1; }
    Summary .record, Summary .consequence, Summary .wrong { padding-left: 2; text-style: bold; }
    Summary .fact { padding-left: 4; text-style: dim; }
    Summary .warning { padding-left: 4; color: ansi_yellow; text-style: bold; }
    Summary .consequence { color: ansi_cyan; }
    #reason { width: 1fr; border: none; text-style: underline; margin: 0 1; }
    Summary #asked { height: 1; padding: 0 1; text-style: bold; }
    Leave { align: center middle; }
    Leave #asked { width: 56; height: auto; border: solid ansi_yellow; padding: 1 2;
                   background: ansi_default; }
    """

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
        self._ask_day = ask_day
        self.day = day
        self.levels = levels
        self.typed: dict[str, str] = {}
        self.outcome: Outcome | None = None
        self.interrupted = False
        self._checked = Outcome()
        self._offers: dict[str, tuple[str, str]] = {}
        self._left: set[str] = set()
        self._asking = self._ask_again = self._saving = False

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
        with Body(id="body"):
            yield from self._page()
        yield Static(id="about", markup=False)
        yield Static(id="keys", markup=False)

    def on_mount(self) -> None:
        """Begins at the first field that nobody has named yet."""
        with suppress(NotImplementedError):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, self.action_interrupt)
        self._focus(ON if self._ask_day else next(iter(FIELDS)))
        self._show()
        self._check()

    # The page

    def _page(self) -> Iterator[Widget]:
        sections = {name: self._section(name) for name in SECTIONS}
        day = Line(tr("Day of the visit"), TextField(ON, self.day.on.isoformat()))
        day.tell(tr("YYYY-MM-DD or today"), "last")
        yield Vertical(
            Section("visit", tr("Visit"), [day]), *(sections[name] for name in LEFT), id="left"
        )
        yield Vertical(*(sections[name] for name in sections if name not in LEFT), id="right")

    def _section(self, section: str) -> Section:
        lines = []
        for name, one in FIELDS.items():
            if one.section != section:
                continue
            if name == STOPPED:
                lines += [self._course(drug, since) for drug, since in self._taken()]
            else:
                lines.append(self._line(one))
        return Section(section, section_label(section), lines)

    def _line(self, one: Field) -> Line:
        value = self.visit.text(one.name)
        if one.key in ITEMS and one.section == "pcdai":
            return Line(short_label(one), Item(one.name, self.levels[one.key], value))
        suggester: Suggester | None = Drugs() if one.name == STARTED else None
        if one.name in self.day.suggested():
            suggester = SuggestFromList([self.day.suggested()[one.name]], case_sensitive=False)
        unit = one.variable.unit if one.analyte is None else self.day.units[one.analyte]
        words = short_label(one)
        label = f"{words} ({unit})" if unit not in (None, "points") else words
        line = Line(label, TextField(one.name, value, suggester))
        line.set_class(one.name == STARTED, "long")
        return line

    def _taken(self) -> list[tuple[str, str]]:
        return [(str(c.cells["drug"]), str(c.cells["started_on"])) for c in self.day.courses]

    def _course(self, drug: str, since: str) -> Line:
        stopped = drug in drugs_of(self.visit.text(STOPPED))
        line = Line(drug, Course(drug, stopped))
        line.tell(tr("since {on}", on=since), "last")
        return line

    def _lines(self) -> Iterator[tuple[str, Line]]:
        for line in self.screen_stack[0].query(Line):
            if line.control.name:
                yield line.control.name, line

    def _focus(self, name: str) -> None:
        for found, line in self._lines():
            if found == name:
                # Not line.control.focus(), which comes after what has been typed ahead.
                self.screen_stack[0].set_focus(line.control)

    # Typing

    def on_typed(self, message: Typed) -> None:
        """Asks the registry when a field is done."""
        if message.name == ON:
            self._read_on(message.text)
            return
        self._left.add(message.name)
        self._collect()
        self._show()
        self._check()

    def _collect(self) -> None:
        """Takes over what stands in the fields."""
        page = self.screen_stack[0]
        texts = {str(one.name): one.value for one in page.query(TextField) if one.name in FIELDS}
        texts |= {str(one.name): one.points for one in page.query(Item)}
        texts[STOPPED] = ", ".join(one.drug for one in page.query(Course) if one.stopped)
        filled = self.day.filled
        self.typed = {
            name: text.strip()
            for name, text in texts.items()
            if text.strip() != filled.get(name, "")
        }

    async def _settle(self) -> None:
        """Waits until what has been typed so far stands in the fields."""
        for one in self.screen.query(Input):
            done = asyncio.Event()
            one.call_later(done.set)
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), timeout=1)

    def on_descendant_focus(self) -> None:
        """Marks the line, and says what the field is about."""
        for line in self.screen_stack[0].query(Line):
            line.mark(line.control is self.focused)
        self._show_about()

    # Asking the registry

    def _check(self) -> None:
        """Asks in a thread; while it asks, the next question waits, and only the last is put."""
        if self._asking:
            self._ask_again = True
            return
        self._asking = True
        self._show_head()
        visit = self.visit

        def ask() -> None:
            try:
                with self._database.engine.connect() as connection:
                    self.post_message(
                        Checked(preview(connection, visit), proposals(connection, visit))
                    )
            except Exception as error:
                self.post_message(Failed(_words(error)))

        self.run_worker(ask, thread=True, exit_on_error=False)

    async def on_checked(self, message: Checked) -> None:
        """Shows it beside the fields, or asks again where more has been typed meanwhile."""
        self._asking = False
        if self._ask_again:
            self._ask_again = False
            self._check()
            return
        self._checked = message.outcome
        self._offers = {f"pcdai.{one.item}": (shown(one.points), one.why) for one in message.offers}
        self._show()
        if isinstance(self.screen, Summary):
            await self.screen.show(self._checked)

    async def on_failed(self, message: Failed) -> None:
        """Says why, on the summary where something was to be stored."""
        self._asking = self._saving = False
        if isinstance(self.screen, Summary):
            await self.screen.refuse(message.words)
        else:
            self.notify(message.words, severity="error", markup=False)
        self._show_head()

    def _read_on(self, typed: str) -> None:
        """Reads the day that was typed, if it is another one."""
        try:
            on = read_on(typed)
        except WrongUsage as error:
            self._tell(ON, error.problem, "wrong")
            return
        self._tell(ON, "", "last")
        if on != self.day.on:
            self._read(on)

    def _read(self, on: date) -> None:
        study_id = self.day.study_id

        def read() -> None:
            try:
                with self._database.engine.connect() as connection:
                    day = read_day(connection, study_id, on)
                    levels = levels_of_items(connection, day.patient.patient, on)
                self.post_message(Read(day, levels))
            except Exception as error:
                self.post_message(Failed(_words(error)))

        self.run_worker(read, thread=True, exit_on_error=False)

    async def on_read(self, message: Read) -> None:
        """Shows the day as it now stands; what was typed stays."""
        await self._settle()
        self._collect()
        focused = self.focused.name if self.focused is not None else None
        self.day, self.levels = message.day, message.levels
        body = self.screen_stack[0].query_one(Body)
        await body.remove_children()
        await body.mount_all(self._page())
        self._focus(focused or next(iter(FIELDS)))
        self._collect()
        self._check()

    # Showing

    def _show(self) -> None:
        self._show_head()
        wrong = {one.field: one for one in reversed(self._checked.complaints)}
        facts = self._facts()
        offered = self._offered()
        for name, line in self._lines():
            text = self.visit.text(name)
            if name in wrong and (text or name == ON):
                line.tell(f"! {wrong[name].problem}", "wrong")
            elif name not in FIELDS:
                continue
            elif name in wrong and name in self._left and name != TOTAL:
                line.tell(wrong[name].problem, "needed")
            elif facts.get(name):
                line.tell(facts[name], "fact")
            elif not text and name in offered:
                line.tell(tr("F3 takes {value}", value=offered[name][0]), "offer")
            elif name in self.day.last:
                line.tell(tr("last {value}", value=self.day.last[name]), "last")
            else:
                line.tell("", "last")
        for section in SECTIONS:
            self._say(section)
        self._show_about()

    def _facts(self) -> dict[str, str]:
        """What an item's points mean, and whether a laboratory value is high or low."""
        facts = {}
        for item, levels in self.levels.items():
            name = f"pcdai.{item}"
            for points, words in levels.items():
                if words and shown(points) == self.visit.text(name):
                    facts[name] = words
        for one in self._checked.said:
            analyte = one.stored.cells.get("analyte")
            if analyte:
                said = [f"{fact.label}: {fact.text}" for fact in one.answer.facts if fact.text]
                # The limit is among the facts of the summary; here is little room.
                facts[f"lab.{analyte}"] = "; ".join(words.split(" (")[0] for words in said[1:])
        return facts

    def _say(self, section: str) -> None:
        said = [o for o in self._checked.said if SECTION_OF[o.stored.entity] == section]
        answers = [one.answer for one in said]
        facts = [
            f"{fact.label}: {fact.text}"
            for answer in answers
            for fact in answer.facts
            if fact.text and fact.value is not None
        ]
        warnings = [words for answer in answers for words in answer.warnings]
        if section in ("lab", "medication"):
            # Several records: theirs stand beside the fields, and in the summary.
            facts = []
        if section == "pcdai" and not facts:
            facts = self._running_total()
        self.screen_stack[0].query_one(f"#{section}", Section).say(facts, warnings)

    def _running_total(self) -> list[str]:
        """The points so far, and what is missing, as long as there is no total."""
        points = []
        for item in ITEMS:
            with suppress(InvalidOperation):
                points.append(Decimal(self.visit.text(f"pcdai.{item}")))
        if not points or self.visit.text(TOTAL):
            return []
        missing = len(ITEMS) - len(points)
        total = shown(sum(points, Decimal(0)))
        return [tr("So far {total} points; items missing: {number}", total=total, number=missing)]

    def _offered(self) -> dict[str, tuple[str, str]]:
        """Proposals by field, with why: points of items; the last assay and product when needed."""
        offered = dict(self._offers)
        beside = {
            "tdm.assay": ("tdm.ifx_ug_ml", "tdm.ada_au_ml"),
            "infusion.product": ("infusion.dose_mg",),
        }
        for name, value in self.day.suggested().items():
            if any(self.visit.text(other) for other in beside[name]):
                offered[name] = (value, tr("the last one, of {on}", on=self.day.last[name].on))
        return offered

    def _tell(self, name: str, words: str, kind: str) -> None:
        for found, line in self._lines():
            if found == name:
                line.tell(words, kind)

    def _show_head(self) -> None:
        sex, centre = self.day.patient.cells["sex"], self.day.patient.cells["centre"]
        who = tr(
            "Visit of {patient}, {sex}, {years} years, {centre}",
            patient=self.day.study_id,
            sex=spoken(str(sex)),
            years=self.day.age(),
            centre=centre,
        )
        state = tr("typed: {number}", number=len(self.typed)) if self.typed else ""
        wrong = [c for c in self._checked.complaints if c.field is None or self._is_wrong(c.field)]
        if wrong:
            state = tr("to mend: {number}", number=len(wrong))
        if self._asking:
            state = tr("asking ...")
        head = self.screen_stack[0].query_one("#head", Static)
        space = max(self.size.width - len(who) - len(state) - 2, 1)
        head.update(f" {who}{' ' * space}{state} ")
        keys = tr("F2 save  F3 take proposal  F4 take all  PgDn next section  Esc leave")
        self.screen_stack[0].query_one("#keys", Static).update(f" {keys}".ljust(self.size.width))

    def on_resize(self) -> None:
        """The bars are as wide as the terminal."""
        self._show_head()

    def _is_wrong(self, name: str) -> bool:
        return bool(self.visit.text(name)) if name in FIELDS else True

    def _show_about(self) -> None:
        """Label and limits of the field, what its points mean, what is wrong or proposed."""
        name = None if self.focused is None else self.focused.name
        one = FIELDS.get(STOPPED if isinstance(self.focused, Course) else name or "")
        text = Text()
        if one is not None:
            text.append(about_field(one, self.day), "bold")
            if isinstance(self.focused, Course):
                text.append("\n" + tr("The space bar ticks what was stopped on the day."))
            if isinstance(self.focused, Item):
                text.append("; " + tr("the first digit chooses"))
            wrong = [c.problem for c in self._checked.complaints if c.field == one.name]
            if wrong and self.visit.text(one.name):
                text.append(f"\n! {wrong[0]}", "bold red")
            for points, words in self.levels.get(one.key, {}).items():
                if one.section == "pcdai":
                    key = shown(points)
                    text.append("\n ").append(key[0], "bold underline")
                    text.append(f"{key[1:]:<4}{words}")
            if one.name in self._offered():
                value, why = self._offered()[one.name]
                text.append("\n" + tr("Proposed {value}: {why}", value=value, why=why), "cyan")
        self.screen_stack[0].query_one("#about", Static).update(text)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The form's own keys are not those of the screens above it."""
        if action == "choose":
            return isinstance(self.focused, Item) and self.focused.takes(str(parameters[0]))
        if action in ("take", "take_all", "read_again", "go", "go_section", "leave"):
            return len(self.screen_stack) == 1
        return True

    def action_choose(self, digit: str) -> None:
        """The points of an item by their first digit; then the next item."""
        if isinstance(self.focused, Item):
            self.focused.choose_by(digit)
            self.screen.focus_next()

    def action_go(self, step: int) -> None:
        """To the next field or the one before."""
        (self.screen.focus_next if step > 0 else self.screen.focus_previous)()

    def action_go_section(self, step: int) -> None:
        """To the first field of the next section, or of the one before."""
        firsts = [section.query(Line).first().control for section in self._sections()]
        ancestors = [] if self.focused is None else self.focused.ancestors
        here = [place for place, one in enumerate(self._sections()) if one in ancestors]
        place = here[0] + step if here else 0
        self.screen.set_focus(firsts[min(max(place, 0), len(firsts) - 1)])

    def _sections(self) -> list[Section]:
        return [section for section in self.query(Section) if section.query(Line)]

    def action_take(self) -> None:
        """Takes what is proposed for the field, and goes on."""
        name = None if self.focused is None else self.focused.name
        if name in self._offered():
            self._set(str(name), self._offered()[str(name)][0])
            self.screen.focus_next()
        else:
            self.bell()

    def action_take_all(self) -> None:
        """Takes every proposal for a field that is still empty."""
        for name, (value, _) in self._offered().items():
            if not self.visit.text(name):
                self._set(name, value)

    def _set(self, name: str, value: str) -> None:
        for found, line in self._lines():
            if found == name and isinstance(line.control, Item):
                line.control.choose(value)
            elif found == name and isinstance(line.control, TextField):
                line.control.value = value
                self.on_typed(Typed(name))

    def action_read_again(self) -> None:
        """The day as it stands now; what was typed stays."""
        self._read(self.day.on)

    async def action_summary(self) -> None:
        """What would be stored; on the summary, stores it."""
        await self._settle()
        if isinstance(self.screen, Summary):
            self.screen.save()
        elif len(self.screen_stack) == 1:
            self._collect()
            self._left.update(FIELDS)
            title = tr(
                "Visit of {patient} on {on}: summary", patient=self.day.study_id, on=self.day.on
            )
            needs_reason = plan_of(self.visit).needs_reason()
            self.push_screen(Summary(title, needs_reason=needs_reason, reason=self._reason))
            self._check()

    def on_summary_save(self, message: Summary.Save) -> None:
        """Stores it in one transaction, in a thread."""
        if self._saving:
            return
        self._saving = True
        visit = self.visit

        def store() -> None:
            try:
                with self._database.engine.begin() as connection:
                    outcome = save(connection, visit, user=self._user, reason=message.reason)
            except Exception as error:
                self.post_message(Failed(_words(error), saving=True))
            else:
                self.post_message(Saved(outcome))

        self.run_worker(store, thread=True, exit_on_error=False)

    def on_saved(self, message: Saved) -> None:
        """Done."""
        self.outcome = message.outcome
        self.exit()

    async def action_leave(self) -> None:
        """Leaves, after a question where something has been typed."""
        await self._settle()
        self._collect()

        def answered(leave: bool | None) -> None:
            if leave:
                self.exit()

        if self.typed:
            self.push_screen(Leave(len(self.typed)), answered)
        else:
            self.exit()

    def action_interrupt(self) -> None:
        """Gives up; what is being stored at this moment is stored and said."""
        if not self._saving:
            self.interrupted = True
            self.exit()


def _words(error: Exception) -> str:
    """What went wrong, in words that a person can act on; never the text of a statement."""
    from registry.database.engine import refused_by_database

    known: Exception | None = error
    if not isinstance(error, RegistryError):
        known = refused_by_database(error)  # type: ignore[arg-type]
    if known is None:
        return tr("Unexpected error: {kind}. Nothing was stored.", kind=type(error).__name__)
    return str(known)
