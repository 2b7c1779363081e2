"""The tables of the patient's screen: infusions, levels, laboratory values, genes and the rest.

Tables that are longer than a dozen rows show the last dozen and say how many come before. On a
wide terminal the infusions stand beside the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from registry.clinical_tables import BY_FILE, CLINICAL_TABLES
from registry.drawing.lines import Glyphs, Line, Span, clean, fit, joined_spans, text_of
from registry.patient.course import Document, gene_words, measured
from registry.patient.told import in_a_line, points, reason_of, words_of
from registry.terminal_width import columns, padded, wrapped
from registry.variables import as_known
from registry.words import spoken, tr

TWO_COLUMNS_FROM = 110
GAP = 4
LAST_ROWS = 12
# The sections of a record in their order: what a rule speaks of, then the other tables.
FIRST = (
    "infusions",
    "tdm_levels",
    "medications",
    "lab_results",
    "anthropometry",
    "phenotypes",
    "gene_findings",
)
NAMES = (*FIRST, *(one.file for one in CLINICAL_TABLES if one.heading and one.file not in FIRST))


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading and its cells; numbers stand to the right."""

    heading: str
    cells: Sequence[str]
    right: bool = False
    roles: Sequence[str] = ()


def paris(row: Document) -> str:
    """An assessment in the notation of the Paris classification: L3 L4a B2 p G1."""
    location = None if row["location"] == "none" else row["location"]
    perianal = "p" if row["perianal"] else None
    parts = [location, row["upper_gi"], row["behaviour"], perianal, row["growth"]]
    reasons = (f"{part}={reason}" for part, reason in (row["missing_reasons"] or {}).items())
    return " ".join(part for part in (*parts, *reasons) if part)


def tables(document: Document, width: int, glyphs: Glyphs, *, everything: bool) -> list[Line]:
    """All tables with rows, and a line on those without."""
    made = Tables(document, glyphs, None if everything else LAST_ROWS)
    names = [name for name in NAMES if document[name]]
    wide = width >= TWO_COLUMNS_FROM and names[:1] == ["infusions"] and len(names) > 1
    if wide:
        left = made.section("infusions", width // 2)
        taken = max(columns(text_of(line)) for line in left)
        room = width - taken - GAP
        right = [line for name in names[1:] for line in made.section(name, room)]
        found = list(_beside(left, right, taken + GAP))
    else:
        found = [line for name in names for line in made.section(name, width)]
    absent = ["pcdai_visits"] if not document["pcdai_visits"] else []
    absent += [name for name in NAMES if not document[name]]
    if absent:
        words = tr("Not recorded: {tables}.", tables=", ".join(map(words_of, absent)))
        found += [(), *((Span(line, "note"),) for line in wrapped(words, width))]
    return found


def _beside(left: Sequence[Line], right: Sequence[Line], width: int) -> Iterator[Line]:
    for one, other in zip_longest(left, right, fillvalue=()):
        gap = Span(" " * (width - columns(text_of(one))))
        yield joined_spans([*one, gap, *other])


class Tables:
    """The sections of one document; of each table the last rows, or all."""

    def __init__(self, document: Document, glyphs: Glyphs, last: int | None) -> None:
        self._document, self._glyphs, self._last = document, glyphs, last

    def section(self, name: str, width: int) -> list[Line]:
        """A blank line, the heading and the rows of one table."""
        rows = self._document[name]
        if name == "lab_results":
            rows = list({row["analyte"]: row for row in rows}.values())
        shown = rows if self._last is None else rows[-self._last :]
        lines: list[Line] = [(), (Span(spoken(BY_FILE[name].heading), "label"),)]
        if len(shown) < len(rows):
            more = len(rows) - len(shown)
            words = tr("{dots} {count} earlier; --all shows them", dots="...", count=more)
            lines.append((Span(fit(words, width, self._glyphs.ellipsis), "note"),))
        written = {
            "infusions": self._infusions,
            "tdm_levels": self._levels,
            "lab_results": self._laboratory,
            "anthropometry": self._growth,
        }
        if name in written:
            return [*lines, *self._table(written[name](shown), width)]
        for row in shown:
            role = "" if row["seen"] else "unseen"
            first, *rest = wrapped(clean(self._sentence(name, row)), width - 2) or [""]
            lines += [(Span(first, role),), *((Span(f"  {line}", role),) for line in rest)]
        return lines

    def _table(self, found: Sequence[Column], width: int) -> list[Line]:
        """Heading and rows; a column for which there is no room is cut, those after it left out."""
        kept: list[tuple[Column, int]] = []
        left = width
        for column in found:
            natural = max(columns(clean(cell)) for cell in (column.heading, *column.cells))
            room = min(natural, left)
            if room < min(natural, 4):
                break
            kept.append((column, room))
            left -= room + 2
        lines = [
            joined_spans(
                Span(self._cell(column.heading, room, column.right), "note")
                for column, room in kept
            )
        ]
        for i in range(len(found[0].cells)):
            cells = [
                Span(
                    self._cell(column.cells[i], room, column.right),
                    column.roles[i] if column.roles else "",
                )
                for column, room in kept
            ]
            lines.append(joined_spans(cells))
        return lines

    def _cell(self, text: str, width: int, right: bool) -> str:
        return padded(fit(clean(text), width, self._glyphs.ellipsis), width, right=right) + "  "

    def _infusions(self, rows: Sequence[Document]) -> list[Column]:
        missing = self._glyphs.missing
        whole = self._document["infusions"]
        switched = {
            row["record_id"]
            for before, row in zip([None, *whole], whole, strict=False)
            if row["product"] and (before is None or before["product"] != row["product"])
        }

        def remark_of(row: Document) -> str:
            known = []
            if row["dose_raised"]:
                known.append(tr("dose up"))
            if row["interval_shortened"]:
                known.append(tr("sooner"))
            if row["record_id"] in switched:
                known.append(row["product"])
            if not row["seen"]:
                known.append(tr("after the data cut"))
            mark = f"{self._glyphs.intensified} " if row["intensified"] else ""
            return mark + ", ".join(known)

        roles = ["intensified" if row["intensified"] else "" for row in rows]
        return [
            Column(tr("No"), [str(row["number"] or missing) for row in rows], right=True),
            Column(tr("Date"), [str(row["infused_on"]) for row in rows]),
            Column("mg", [points(row["dose_mg"]) for row in rows], right=True),
            Column("kg", [points(row["weight_kg"]) for row in rows], right=True),
            Column("mg/kg", [f"{row['dose_mg_per_kg']:.2f}" for row in rows], right=True),
            Column(tr("days"), [self._number(row["interval_days"]) for row in rows], right=True),
            Column("", [remark_of(row) for row in rows], roles=roles),
        ]

    def _number(self, value: int | None) -> str:
        return self._glyphs.missing if value is None else str(value)

    def _levels(self, rows: Sequence[Document]) -> list[Column]:
        def result(row: Document) -> str:
            if row["trough_level"] is not None:
                return f"{row['trough_level']} {points(row['threshold_ug_ml'])}"
            if row["low_between_infusions"]:
                return tr("already below {limit}", limit=points(row["threshold_ug_ml"]))
            return tr("no trough") if row["seen"] else tr("after the data cut")

        def antibodies(row: Document) -> str:
            status = words_of(row["ada_status"] or "")
            known = row["ada_au_ml"] is not None or reason_of(row, "ada_au_ml")
            value = measured(row, "ada_au_ml") if known else ""
            return f"{value} {status}".strip()

        roles = [{"below": "low", "above": "good"}.get(row["trough_level"], "") for row in rows]
        return [
            Column(tr("Date"), [str(row["sampled_on"]) for row in rows]),
            Column("ug/mL", [measured(row, "ifx_ug_ml") for row in rows], right=True),
            Column(tr("Before"), [words_of(row["timepoint"] or "") for row in rows]),
            Column(tr("Threshold"), [result(row) for row in rows], roles=roles),
            Column(tr("ADA, AU/mL"), [antibodies(row) for row in rows]),
            Column(tr("Assay"), [row["assay"] or "" for row in rows]),
        ]

    def _laboratory(self, rows: Sequence[Document]) -> list[Column]:
        def value(row: Document) -> str:
            return f"{row['value_comparator'] or ''}{points(row['own_value'])}"

        def verdict(row: Document) -> str:
            if row["side"] is None:
                return ""
            limit = f"{words_of(row['side'])} {points(row['cut_off'])}"
            if row["beyond"] is None:
                return tr("? {limit}", limit=limit)
            arrow = self._glyphs.high if row["side"] == "above" else self._glyphs.low
            return f"{arrow} {limit}" if row["beyond"] else tr("not {limit}", limit=limit)

        return [
            Column("", [row["analyte"] for row in rows]),
            Column(tr("Value"), [value(row) for row in rows], right=True),
            Column("", [row["own_unit"] for row in rows]),
            Column(
                tr("Limit"),
                [verdict(row) for row in rows],
                roles=["low" if row["beyond"] else "" for row in rows],
            ),
            Column(tr("Date"), [str(row["collected_on"]) for row in rows]),
        ]

    def _growth(self, rows: Sequence[Document]) -> list[Column]:
        def score(value: object) -> str:
            return self._glyphs.missing if value is None else f"{value:+.2f}"

        def size(row: Document, column: str) -> str:
            return reason_of(row, column) or points(row[column])

        return [
            Column(tr("Date"), [str(row["measured_on"]) for row in rows]),
            Column("cm", [size(row, "height_cm") for row in rows], right=True),
            Column("kg", [size(row, "weight_kg") for row in rows], right=True),
            Column(tr("height Z"), [score(row["height_z"]) for row in rows], right=True),
            Column(tr("BMI Z"), [score(row["bmi_z"]) for row in rows], right=True),
        ]

    def _sentence(self, name: str, row: Document) -> str:
        match name:
            case "phenotypes":
                return f"{row['assessed_on']}  {paris(row)}"
            case "medications":
                courses = f"{row['started_on']} - {_stop(row)}"
                return f"{courses}  {row['drug']} ({words_of(row['drug_class'])})"
            case "gene_findings":
                on = row["reported_on"] or reason_of(row, "reported_on") or tr("day not known")
                return f"{on}  {gene_words(row)}"
            case _:
                return in_a_line(BY_FILE[name], row)


def _stop(course: Document) -> str:
    """When a course stopped, as far as it is known."""
    match course["stopped_on_precision"]:
        case None:
            return tr("still taken")
        case "unknown":
            return tr("stopped, day not known")
        case precision:
            return as_known(course["stopped_on"], precision)
