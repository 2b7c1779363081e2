"""The worklist: its rules in words, the numbers they are held to, the items set aside."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    ForeignKeyConstraint,
    Identity,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
)
from sqlalchemy import text as sql

from registry.models.base import REFERENCE, Base, column
from registry.models.definition import OURS, STUDY, days, flag, number, whole
from registry.variables import Variable

GUIDELINE = "by the guideline as told in the study's discussion"


class WorklistRule(Base):
    """One row per rule of the worklist: its place in the list and its words.

    A `{name}` in the words stands for the item's fact of that name.
    """

    __tablename__ = "worklist_rule"
    __table_args__ = ({"schema": REFERENCE, "comment": "One row per rule of the worklist"},)

    rule = column(Text, primary_key=True, comment="name of the rule")
    kind = column(Text, comment="kind of work; several rules can share one")
    place = column(
        SmallInteger, comment="items of a rule with a lower place stand further up in the list"
    )
    active = column(Boolean, server_default=sql("true"), comment="whether the rule gives items")
    after_end = column(
        Boolean, comment="whether it also speaks of children whose observation has ended"
    )
    action = column(Text, comment="what to do, with {names} of facts")
    why = column(Text, comment="why it is in the list, with {names} of facts")
    source = column(Text, comment="where the rule comes from")
    category = column(
        Text,
        nullable=True,
        comment="kind of check in OHDSI's words; empty where the rule is not of plausibility",
    )


class WorklistSetting(Base):
    """The one row of numbers that the rules of the worklist are held to."""

    __tablename__ = "worklist_setting"
    __table_args__ = (
        CheckConstraint("only_row", name="only_row"),
        CheckConstraint(
            "infusion_2_day < infusion_3_day and infusion_3_day < infusion_4_day",
            name="infusion_days_in_order",
        ),
        CheckConstraint(
            "infusion_interval_min_days <= infusion_interval_days", name="intervals_in_order"
        ),
        {"schema": REFERENCE, "comment": "The numbers that the worklist's rules are held to"},
    )

    DESCRIPTIVE: ClassVar[tuple[str, ...]] = ("only_row",)

    only_row = column(
        Boolean, primary_key=True, server_default=sql("true"), comment="there is one row"
    )
    infusion_2_day = days("Infusion 2 is planned for this day after the first", STUDY)
    infusion_3_day = days("Infusion 3 is planned for this day after the first", STUDY)
    infusion_4_day = days("Infusion 4 is planned for this day after the first", STUDY)
    infusion_interval_days = days(
        "From infusion 4 on the next is planned this long after the last, or sooner where the "
        "last interval was shorter",
        STUDY,
        minimum=1,
    )
    infusion_interval_min_days = days("A shorter interval is not taken for a plan", OURS, minimum=1)
    infusion_grace_days = days("An infusion is asked for this long after its day", OURS)
    infusion_twice_days = days("Two infusions closer than this may be one, entered twice", OURS)
    visit_interval_days = days("A PCDAI is due this long after the last", OURS)
    visit_grace_days = days("A PCDAI is asked for this long after its day", OURS)
    level_first_day = days("The first drug level is due this long after the first infusion", OURS)
    level_interval_days = days("A drug level is due this long after the last", OURS)
    level_grace_days = days("A drug level is asked for this long after its day", OURS)
    silent_days = days(
        "A child not seen or heard of for longer than this may be lost to follow-up", OURS
    )
    window_closing_days = days("A window that closes within so many days is urgent", OURS)
    window_search_days = days(
        "What a window lacks is asked for until so many days after its end", OURS
    )
    review_days = days(
        "Response without remission is reviewed within so many days of the week-14 PCDAI", OURS
    )
    dose_drift_percent = number(
        "Dose per kg has drifted when it is down by more than", OURS, "%", "0", "100"
    )
    dose_lowest_mg_per_kg = number("Lowest usual dose", STUDY, "mg/kg", "0", "100")
    gene_always_before_years = whole(
        "Genes are always tested with an onset before age", GUIDELINE, "years", 0, 18
    )
    unusual_loss_days = days(
        "A loss of response is unusual when it comes within so many days of the first infusion",
        OURS,
    )
    unusual_perianal_penetrating = flag(
        "A loss of response is unusual with perianal and penetrating disease together", OURS
    )
    weight_differs_percent = number(
        "Two weights of one day contradict each other when they differ by more than",
        OURS,
        "%",
        "0",
        "100",
    )
    height_falls_cm = number(
        "Heights contradict each other when a later one is lower by more than",
        OURS,
        "cm",
        "0",
        "100",
    )

    @classmethod
    def parameters(cls) -> dict[str, Variable]:
        """Every number by its name, in order."""
        return {
            column.name: column.info["variable"]
            for column in cls.__table__.columns
            if column.name not in cls.DESCRIPTIVE
        }


class WorklistDismissal(Base):
    """One row per time an item was set aside, or taken up again; rows are only ever added.

    The last row of an item counts: it is aside through `until_on`, for good where that is empty.
    """

    __tablename__ = "worklist_dismissal"
    __table_args__ = (
        PrimaryKeyConstraint("patient_id", "dismissal_id"),
        ForeignKeyConstraint(["patient_id"], ["reference.patient_number.patient_id"]),
        ForeignKeyConstraint(["change_id"], ["reference.change_set.change_id"]),
        {"schema": REFERENCE, "comment": "One row per time an item of the worklist was set aside"},
    )

    patient_id = column(BigInteger, comment="the registry's own number of the patient")
    dismissal_id = column(
        BigInteger, Identity(always=False), comment="number of the dismissal; the last one counts"
    )
    item = column(Text, comment="the item, as the worklist names it")
    until_on = column(
        Date, nullable=True, comment="last day on which the item is aside; empty = for good"
    )
    change_id = column(
        BigInteger,
        server_default=sql("audit.current_change(true)"),
        comment="who set it aside, when and why",
    )
