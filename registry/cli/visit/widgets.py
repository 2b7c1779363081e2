"""The parts of the form of a visit: a line with one field, the choices of an item, a section."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from registry.entry.answers.findings import shown
from registry.entry.answers.pcdai_points import Levels
from registry.vocabulary import DRUGS
from registry.words import tr


class Typed(Message):
    """A field is done with: it was left, or chosen. `text` is what stands in it."""

    def __init__(self, name: str, text: str = "") -> None:
        super().__init__()
        self.name = name
        self.text = text


class Typing(Input):
    """A line of text whose keys come in their order, however fast they are typed.

    Keys with a binding, as Backspace, would otherwise reach the application later than the letters
    around them, and then mean the field that has the focus by then.
    """

    async def _on_key(self, event: events.Key) -> None:
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            event.stop()
            event.prevent_default()
            await self.run_action(binding.action)
            return


class TextField(Typing):
    """A value of the form."""

    def __init__(self, name: str, value: str) -> None:
        super().__init__(value, name=name, compact=True)
        self.cursor_blink = False

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Says that the field is left."""
        event.stop()
        self.post_message(Typed(self.name or "", event.value))


class Drugs(Suggester):
    """Completes the last of several drugs; the right arrow takes it."""

    def __init__(self) -> None:
        super().__init__(case_sensitive=False)

    async def get_suggestion(self, value: str) -> str | None:
        """The whole text with the last name completed."""
        begun = value.replace(",", " ").split(" ")[-1]
        found = [drug for drug in DRUGS if begun and drug.casefold().startswith(begun)]
        return value + found[0][len(begun) :] if found else None


class Item(Widget, can_focus=True):
    """An item of the PCDAI: its points are typed, and the first digit chooses already.

    Whatever chooses, the person stays; Backspace empties.
    """

    points: reactive[str] = reactive("")

    def __init__(self, name: str, levels: Levels, points: str) -> None:
        super().__init__(name=name)
        self.choices = [shown(one) for one in levels]
        self._typed = ""
        self.set_reactive(Item.points, points)

    def render(self) -> Text:
        """The three scores, the chosen one in brackets."""
        text = Text(" ")
        for choice in self.choices:
            chosen = choice == self.points
            words = f"[{choice}]" if chosen else f" {choice} "
            text.append(f"{words:<5}", "bold" if chosen else "")
        return text

    def takes(self, sign: str) -> bool:
        """Chooses the points that begin with what is typed here; says whether there are such.

        `10` and `2.5` may be typed in full; what fits no longer begins anew.
        """
        for begun in (self._typed + sign, sign):
            for choice in self.choices:
                if choice.startswith(begun):
                    self.choose(choice)
                    self._typed = begun
                    return True
        return False

    def on_blur(self) -> None:
        """What is typed next time begins anew."""
        self._typed = ""

    def choose(self, points: str) -> None:
        """Sets the points and says so."""
        self._typed = ""
        self.points = points
        self.post_message(Typed(self.name or "", points))

    def on_key(self, event: events.Key) -> None:
        """Chooses, or empties."""
        if event.is_printable and event.character != "-":
            if not self.takes(event.character or ""):
                self.app.bell()
        elif event.key in ("backspace", "delete", "minus"):
            self.choose("")
        elif event.key in ("left", "right"):
            last = len(self.choices) - 1
            if self.points in self.choices:
                step = 1 if event.key == "right" else -1
                place = min(max(self.choices.index(self.points) + step, 0), last)
            else:
                place = 0 if event.key == "right" else last
            self.choose(self.choices[place])
        else:
            return
        event.stop()


class Course(Widget, can_focus=True):
    """A drug that is taken: the space bar says that it was stopped on the day."""

    stopped: reactive[bool] = reactive(False)

    def __init__(self, drug: str, stopped: bool) -> None:
        super().__init__(name=f"stop {drug}")
        self.drug = drug
        self.set_reactive(Course.stopped, stopped)

    def render(self) -> Text:
        """A box to tick."""
        box = "[x]" if self.stopped else "[ ]"
        return Text(f" {box} {tr('stopped')}", "bold" if self.stopped else "")

    def on_key(self, event: events.Key) -> None:
        """Ticks."""
        if event.key in ("space", "x"):
            self.stopped = not self.stopped
            self.post_message(Typed(self.name or ""))
            event.stop()


class Line(Horizontal):
    """A field with its name, and beside it what is known or wrong."""

    def __init__(self, label: str, control: Widget) -> None:
        super().__init__()
        self.label = label
        self.control = control
        self._told = ("", "")
        self._beside = Static(classes="beside", markup=False)

    def compose(self) -> ComposeResult:
        """Name, field, and the rest of the line."""
        yield Static(f"  {self.label}", classes="name", markup=False)
        yield self.control
        yield self._beside

    def rename(self, label: str) -> None:
        """Calls the field by another name: its unit has changed."""
        self.label = label
        self.mark(self.has_class("here"))

    def tell(self, words: str, kind: str) -> None:
        """Shows words beside the field; `kind`: last, offer, wrong, needed or fact."""
        if (words, kind) == self._told:
            return
        self._told = words, kind
        self._beside.update(words, layout=False)
        self._beside.set_classes(f"beside {kind}")

    def mark(self, is_here: bool) -> None:
        """Shows where the person is, also without colours."""
        words = f"{'>' if is_here else ' '} {self.label}"
        self.query_one(".name", Static).update(words, layout=False)
        self.set_class(is_here, "here")


class Section(Vertical):
    """A heading, the fields below it, and what the registry says to them."""

    def __init__(self, section: str, heading: str, lines: list[Line]) -> None:
        super().__init__(id=section)
        self._heading = heading
        self._lines = lines
        self._said = Static(classes="said", markup=False)
        self._told: tuple[list[str], list[str]] = ([], [])

    def compose(self) -> Iterator[Widget]:
        """Heading, fields, answer."""
        yield Static(self._heading, classes="heading", markup=False)
        yield from self._lines
        self._said.display = False
        yield self._said

    def say(self, facts: list[str], warnings: list[str]) -> None:
        """Shows facts in a row and warnings each on a line."""
        if (facts, warnings) == self._told:
            return
        self._told = facts, warnings
        text = Text("; ".join(facts))
        for words in warnings:
            text.append(("\n" if text else "") + f"! {words}", "bold yellow")
        self._said.update(text)
        self._said.display = bool(text)
