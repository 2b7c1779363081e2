"""What the registry has said to what was typed, field by field and section by section."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from registry.entry.answers.findings import shown
from registry.entry.answers.pcdai_points import Levels
from registry.entry.visit.day import Visit
from registry.entry.visit.fields import FIELDS, ON, SECTION_OF, TOTAL
from registry.entry.visit.plan import FieldComplaint
from registry.entry.visit.proposals import Proposal
from registry.entry.visit.write import Outcome
from registry.models.pcdai_visit import ITEMS
from registry.words import tr

# A field that most often has its last value again -> fields without which it is not needed.
BESIDE = {
    "tdm.assay": ("tdm.ifx_ug_ml", "tdm.ada_au_ml"),
    "infusion.product": ("infusion.dose_mg",),
}


@dataclass(frozen=True)
class Offer:
    """A value that is proposed for a field, and why."""

    value: str
    why: str


@dataclass
class Heard:
    """The registry's last word; what has been typed since then is not in it."""

    outcome: Outcome = field(default_factory=Outcome)
    proposals: list[Proposal] = field(default_factory=list)

    def complaint(self, name: str) -> FieldComplaint | None:
        """What is against a field."""
        return next((one for one in self.outcome.complaints if one.field == name), None)

    def to_mend(self, visit: Visit) -> int:
        """How many complaints are about what stands there, not about what is still missing."""
        return sum(
            one.field not in FIELDS or bool(visit.text(one.field or ""))
            for one in self.outcome.complaints
        )

    def offers(self, visit: Visit) -> dict[str, Offer]:
        """What is proposed: points of items, and the last assay and product where one is needed."""
        offers = {f"pcdai.{p.item}": Offer(shown(p.points), p.why) for p in self.proposals}
        for name, value in visit.day.suggested().items():
            if any(visit.text(other) for other in BESIDE[name]):
                why = tr("the last one, of {on}", on=visit.day.last[name].on)
                offers[name] = Offer(value, why)
        return offers

    def beside(
        self, visit: Visit, levels: Mapping[str, Levels], left: set[str]
    ) -> dict[str, tuple[str, str]]:
        """Words beside each field and their kind: wrong, needed, fact, offer or last.

        That a value is missing is said only of fields that the person has `left`.
        """
        facts, offers = self._facts(visit, levels), self.offers(visit)
        found = {}
        for name in FIELDS:
            text, complaint = visit.text(name), self.complaint(name)
            if complaint is not None and text:
                found[name] = f"! {complaint.problem}", "wrong"
            elif complaint is not None and name in left and name != TOTAL:
                found[name] = complaint.problem, "needed"
            elif facts.get(name):
                found[name] = facts[name], "fact"
            elif name in offers and not text:
                found[name] = tr("F3 takes {value}", value=offers[name].value), "offer"
            elif name in visit.day.last:
                found[name] = tr("last {value}", value=visit.day.last[name]), "last"
            else:
                found[name] = "", "last"
        complaint = self.complaint(ON)
        if complaint is not None:
            found[ON] = f"! {complaint.problem}", "wrong"
        return found

    def _facts(self, visit: Visit, levels: Mapping[str, Levels]) -> dict[str, str]:
        """What an item's points mean, and whether a laboratory value is high or low."""
        facts = {}
        for item, meanings in levels.items():
            for points, words in meanings.items():
                if shown(points) == visit.text(f"pcdai.{item}"):
                    facts[f"pcdai.{item}"] = words
        for one in self.outcome.said:
            if analyte := one.stored.cells.get("analyte"):
                judged = [fact for fact in one.answer.facts if fact.key in ("high", "low")]
                # The limit is told by the summary; here is little room.
                said = [f"{fact.label}: {fact.text}".split(" (")[0] for fact in judged]
                facts[f"lab.{analyte}"] = "; ".join(said)
        return facts

    def about_section(self, visit: Visit, section: str) -> tuple[list[str], list[str]]:
        """Facts and warnings of a section's records."""
        said = [o for o in self.outcome.said if SECTION_OF[o.stored.entity] == section]
        warnings = [words for one in said for words in one.answer.warnings]
        if section in ("lab", "medication"):
            # Several records: theirs stand beside the fields, and in the summary.
            return [], warnings
        facts = [
            f"{fact.label}: {fact.text}"
            for one in said
            for fact in one.answer.facts
            if fact.text and fact.value is not None
        ]
        return facts or (_so_far(visit) if section == "pcdai" else []), warnings


def _so_far(visit: Visit) -> list[str]:
    """The points of the items so far, and what is missing, as long as there is no total."""
    points = []
    for item in ITEMS:
        with suppress(InvalidOperation):
            points.append(Decimal(visit.text(f"pcdai.{item}")))
    if not points or visit.text(TOTAL):
        return []
    total, missing = shown(sum(points, Decimal(0))), len(ITEMS) - len(points)
    return [tr("So far {total} points; items missing: {number}", total=total, number=missing)]
