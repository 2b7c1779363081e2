"""The page of a visit's form: a line for every field, in sections."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.suggester import Suggester, SuggestFromList
from textual.widget import Widget

from registry.cli.visit.heard import Heard
from registry.cli.visit.widgets import Course, Drugs, Item, Line, Section, TextField
from registry.cli.visit.words import section_label, short_label
from registry.entry.answers.findings import shown
from registry.entry.answers.pcdai_points import Levels
from registry.entry.visit.day import Day, Visit
from registry.entry.visit.fields import FIELDS, ON, SECTIONS, STARTED, STOPPED, Field, drugs_of
from registry.entry.visit.file import about_field
from registry.words import tr

# Where there is room for two columns, these sections stand in the first.
LEFT = ("anthropometry", "lab")


class Page(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Every field of the visit, filled with what the day has or the person typed."""

    def __init__(self, visit: Visit, levels: Mapping[str, Levels]) -> None:
        super().__init__(id="page")
        self._visit = visit
        self._levels = levels
        self._here: Line | None = None

    def compose(self) -> ComposeResult:
        """The day, and the sections in the order in which they are typed."""
        sections = {name: self._section(name) for name in SECTIONS}
        day = Line(tr("Day of the visit"), TextField(ON, self._visit.day.on.isoformat()))
        day.tell(tr("YYYY-MM-DD or today"), "last")
        yield Vertical(
            Section("visit", tr("Visit"), [day]), *(sections[name] for name in LEFT), id="left"
        )
        yield Vertical(*(sections[name] for name in sections if name not in LEFT), id="right")

    def _section(self, section: str) -> Section:
        fields = [one for one in FIELDS.values() if one.section == section and one.name != STOPPED]
        lines = [self._line(one) for one in fields]
        if section == "medication":
            lines += self._courses()
        return Section(section, section_label(section), lines)

    def _line(self, one: Field) -> Line:
        value = self._visit.text(one.name)
        if one.key in self._levels and one.section == "pcdai":
            return Line(short_label(one), Item(one.name, self._levels[one.key], value))
        line = Line(_label(one, self._visit.day), TextField(one.name, value))
        assert isinstance(line.control, TextField)
        line.control.suggester = _suggester(one, self._visit.day)
        line.set_class(one.name == STARTED, "long")
        return line

    def _courses(self) -> Iterator[Line]:
        """A line for each drug that is taken."""
        for course in self._visit.day.courses:
            drug = str(course.cells["drug"])
            stopped = drug in drugs_of(self._visit.text(STOPPED))
            line = Line(drug, Course(drug, stopped))
            line.tell(tr("since {on}", on=course.cells["started_on"]), "last")
            yield line

    def lines(self) -> dict[str, Line]:
        """The lines by the name of their field."""
        return {line.control.name or "": line for line in self.query(Line)}

    def go_to(self, line: Line) -> None:
        """Marks the line on which the person is."""
        if self._here is not None:
            self._here.mark(False)
        self._here = line
        line.mark(True)

    def sections(self) -> list[Section]:
        """The sections that have a field, in their order."""
        return [section for section in self.query(Section) if section.query(Line)]

    def day_text(self) -> str:
        """What stands in the field of the day."""
        control = self.lines()[ON].control
        return control.value if isinstance(control, TextField) else ""

    def typed(self, day: Day) -> dict[str, str]:
        """The fields in which something else stands than the day has."""
        texts = {str(one.name): one.value for one in self.query(TextField) if one.name in FIELDS}
        texts |= {str(one.name): one.points for one in self.query(Item)}
        texts[STOPPED] = ", ".join(one.drug for one in self.query(Course) if one.stopped)
        return {
            name: text.strip()
            for name, text in texts.items()
            if text.strip() != day.filled.get(name, "")
        }

    async def settle(self) -> None:
        """Waits until what has been typed so far stands in the fields."""
        for line in self.query(Line):
            await settled(line.control)

    async def show_day(self, visit: Visit, levels: Mapping[str, Levels]) -> None:
        """Another day, or the day as it is now; fields keep their place, and the person his."""
        self._visit, self._levels = visit, levels
        for name, line in self.lines().items():
            if name == ON and not line.control.has_focus:
                self.fill(name, visit.day.on.isoformat())
            elif name in FIELDS:
                self.fill(name, visit.text(name))
                if isinstance(line.control, TextField):
                    line.rename(_label(FIELDS[name], visit.day))
                    line.control.suggester = _suggester(FIELDS[name], visit.day)
        for line in list(self.query(Line)):
            if isinstance(line.control, Course):
                self._here = None if self._here is line else self._here
                await line.remove()
        await self.query_one("#medication", Section).mount_all(
            self._courses(), after=self.lines()[STARTED]
        )

    def fill(self, name: str, value: str) -> None:
        """Fills one field."""
        control = self.lines()[name].control
        if isinstance(control, Item):
            control.points = value
        elif isinstance(control, TextField):
            control.value = value

    def show(self, heard: Heard, visit: Visit, left: set[str]) -> None:
        """Shows beside the fields and below the sections what the registry says."""
        beside = heard.beside(visit, self._levels, left)
        for name, line in self.lines().items():
            if name in beside:
                line.tell(*beside[name])
        for section in SECTIONS:
            self.query_one(f"#{section}", Section).say(*heard.about_section(visit, section))

    def about(self, control: Widget | None, heard: Heard, visit: Visit) -> Text:
        """Label and limits of a field, what its points mean, what is wrong or proposed."""
        text = Text()
        name = STOPPED if isinstance(control, Course) else control.name if control else None
        one = FIELDS.get(name or "")
        if one is None:
            return text
        text.append(about_field(one, visit.day), "bold")
        if isinstance(control, Course):
            text.append("\n" + tr("The space bar ticks what was stopped on the day."))
        complaint = heard.complaint(one.name)
        if complaint is not None and visit.text(one.name):
            text.append(f"\n! {complaint.problem}", "bold red")
        if isinstance(control, Item):
            text.append("; " + tr("type the points, the first digit will do"))
            for points, words in self._levels[one.key].items():
                key = shown(points)
                text.append("\n ").append(key[0], "bold underline")
                text.append(f"{key[1:]:<4}{words}")
        offer = heard.offers(visit).get(one.name)
        if offer is not None:
            words = tr("Proposed {value}: {why}", value=offer.value, why=offer.why)
            text.append(f"\n{words}", "cyan")
        return text


async def settled(control: Widget) -> None:
    """Waits until a widget has done with all that was sent to it."""
    done = asyncio.Event()
    control.call_later(done.set)
    with suppress(TimeoutError):
        await asyncio.wait_for(done.wait(), timeout=1)


def _label(one: Field, day: Day) -> str:
    """What a field is called, with its unit."""
    unit = one.variable.unit if one.analyte is None else day.units[one.analyte]
    words = short_label(one)
    return f"{words} ({unit})" if unit not in (None, "points") else words


def _suggester(one: Field, day: Day) -> Suggester | None:
    """What completes a field while it is typed."""
    if one.name == STARTED:
        return Drugs()
    last = day.suggested().get(one.name)
    return None if last is None else SuggestFromList([last], case_sensitive=False)
