"""What one centre is told of itself beside the others, as tables, rows and a page."""

from __future__ import annotations

from html import escape
from typing import Any

from registry.drawing.numbers import MISSING, SUPPRESSED, fixed
from registry.drawing.table import Document, Table, notes, title
from registry.report.figures.funnel import funnel_plot
from registry.report.html import Section, definitions, figure, paragraph, table
from registry.report.whole_page import whole_page
from registry.words import in_english, note, spoken, tr

_NONE: Document = {}
LABELS = {
    "lost_in_a_year": note("Lost response within a year"),
    "left_in_a_year": note("Left within the year without a loss"),
    "week14_scored": note("With a week-14 PCDAI, of whom it is asked"),
    "level_measured": note("With a level at the loss of response"),
    "overdue": note("With an overdue visit, of those on infliximab"),
    "silent": note("Not heard of for long, of those on infliximab"),
    "with_deficits": note("With a record that fails a rule"),
}
LIES = {
    "within": note("{centre} lies within the 95 % limits: chance alone could place it there."),
    "above_95": note("{centre} lies above the 95 % limits, within those of 99.8 %."),
    "below_95": note("{centre} lies below the 95 % limits, within those of 99.8 %."),
    "above_99.8": note("{centre} lies above the 99.8 % limits: chance hardly explains so many."),
    "below_99.8": note("{centre} lies below the 99.8 % limits: chance hardly explains so few."),
}  # fmt: skip


def centre_tables(document: Document) -> list[Table]:
    """The centre beside the others, and the deficits by quarter."""
    own, others = document["own"], document["of_others"]
    header = (_mine(document), _theirs(document))
    rows = [
        (tr("{label}, n (%)", label=spoken(LABELS[name])), *map(_share, (share, other)))
        for name, share, other in (
            (name, own["shares"][name], others["shares"][name]) for name in LABELS
        )
    ]
    rows.append((tr("Level at loss, ug/mL, median (quartiles)"), _level(own), _level(others)))
    rows.append((tr("Deficits per child"), *(_rate(one, "deficits_per_child")
                                             for one in (own, others))))  # fmt: skip
    quarters = [
        (name, _rate(one, "per_child"), _rate(other, "per_child"))
        for name, one, other in zip(
            document["quarters"], own["quarters"], others["quarters"], strict=True
        )
    ]
    return [
        Table(
            title(tr("{centre} beside the other centres", centre=document["centre"]), document),
            ("", *header),
            tuple(rows),
            lines=_lies(document),
            notes=notes(document),
        ),
        Table(
            tr("Deficits per child with a record of the quarter, as they stand today"),
            (tr("Quarter"), *header),
            tuple(quarters),
            notes=(
                tr(
                    "A deficit is a record that fails a rule of plausibility and is not answered "
                    "for. Which they are: registry quality list."
                ),
            ),
        ),
    ]


def centre_rows(document: Document) -> list[dict[str, Any]]:
    """A row per measure, and per quarter one of deficits per child."""
    own, others = document["own"], document["of_others"]
    shares = own["shares"], others["shares"]
    rows = [
        _row(name, one["percent"], other["percent"], one, other)
        for name, one, other in ((name, *(part[name] for part in shares)) for name in LABELS)
    ]
    rows += [
        _row(f"level_at_loss_{key}", own["levels"][key], others["levels"][key])
        for key in ("q1", "median", "q3")
    ]
    per_child = "deficits_per_child"
    rows.append(_row(per_child, own[per_child], others[per_child]))
    by_quarter = zip(document["quarters"], own["quarters"], others["quarters"], strict=True)
    rows += [
        _row(f"{per_child}_{name}", one["per_child"], other["per_child"])
        for name, one, other in by_quarter
    ]
    return rows


def _row(
    name: str, value: Any, other: Any, mine: Document = _NONE, theirs: Document = _NONE
) -> dict[str, Any]:
    return {
        "measure": name,
        "own": value,
        "own_with": mine.get("with"),
        "own_of": mine.get("of"),
        "others": other,
        "others_with": theirs.get("with"),
        "others_of": theirs.get("of"),
    }


@in_english()
def centre_page(document: Document, nature: str) -> str:
    """A whole HTML document; `nature` says what the data are, where they are made up."""
    first, quarters = centre_tables(document)
    sections = [Section("centre", tr("The centre beside the others"), table(first, "centre-table"))]
    if document["funnel"]:
        drawn = figure(str, lambda prefix, width: funnel_plot(document, prefix, width), "funnel")
        drawn += "".join(map(paragraph, _lies(document)))
        sections.insert(0, Section("funnel-plot", tr("Lost response within a year"), drawn))
    sections.append(
        Section("quarters", tr("Deficits by quarter"), table(quarters, "quarters-table"))
    )
    made = [
        (tr("Definition"), document["definition"]),
        (tr("Fewest children"), str(document["limit"])),
    ]
    footer = (
        f'<footer aria-labelledby="made-heading"><h2 id="made-heading">'
        f"{escape(tr('How this was made'))}</h2>\n{definitions(made)}</footer>"
    )
    heading = tr("{centre} beside the other centres", centre=document["centre"])
    return whole_page(heading, _theirs(document) + ".", sections, footer, nature=nature)


def _mine(document: Document) -> str:
    return str(document["centre"])


def _theirs(document: Document) -> str:
    return tr("The other {number:centre|centres}", number=document["others"])


def _lies(document: Document) -> tuple[str, ...]:
    dots = (document["funnel"] or {"centres": []})["centres"]
    return tuple(
        spoken(LIES[dot["lies"]].message, centre=document["centre"]) for dot in dots if dot["own"]
    )


def _share(share: Document) -> str:
    if share["percent"] is None:
        return SUPPRESSED if share.get("suppressed") else MISSING
    percent = fixed(share["percent"], 1)
    if share["with"] is None:
        return f"{percent} %"
    return tr("{n} of {of} ({percent})", n=share["with"], of=share["of"], percent=percent)


def _level(part: Document) -> str:
    levels = part["levels"]
    if levels["median"] is None:
        return SUPPRESSED if levels.get("suppressed") else MISSING
    if levels["q1"] is None:
        return fixed(levels["median"], 1)
    return tr(
        "{median:.1f} ({q1:.1f} to {q3:.1f})",
        median=levels["median"],
        q1=levels["q1"],
        q3=levels["q3"],
    )


def _rate(part: Document, key: str) -> str:
    if part[key] is None:
        return SUPPRESSED if part.get("suppressed") else MISSING
    return fixed(part[key], 2)
