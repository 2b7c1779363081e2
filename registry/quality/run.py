"""Runs every rule of plausibility over the registry; a run of each day is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from registry.views.asked import counts_of_rules, findings_of
from registry.vocabulary import SETTLED_STATES


@dataclass(frozen=True)
class RuleCount:
    """Records that a rule was tried on, those of them that failed it, and those answered.

    Answered are the failed whose query is settled though the value stands.
    """

    id: str
    category: str
    says: str
    tried: int
    failed: int
    answered: int

    @property
    def percent(self) -> float | None:
        """The failed of those tried; None where none was."""
        return round(100 * self.failed / self.tried, 3) if self.tried else None

    @property
    def open(self) -> int:
        """The failed that somebody has still to answer for."""
        return self.failed - self.answered

    def to_json(self) -> dict[str, Any]:
        """The counts by their names."""
        return {**vars(self), "open": self.open, "percent": self.percent}


def count_rules(connection: Connection) -> list[RuleCount]:
    """Every active rule with its counts, in the order of their names; one tried on none has 0."""
    # Facts are made of what failed alone, and only of children who have answers.
    of_each = findings_of(condition="patient_id = q.patient_id")
    settled = (
        "select f.rule, count(*) as answered "
        "from (select distinct patient_id from reference.query_step) q "
        f"cross join lateral (select f.rule from {of_each} f "
        "where f.state = any(:settled) offset 0) f "
        "group by f.rule"
    )
    values = {"settled": list(SETTLED_STATES)}
    # To plan that takes longer than to count a small registry.
    answers = connection.execute(text("select exists (select from reference.query_step)"))
    if not answers.scalar_one():
        settled, values = "select '' as rule, 0 as answered where false", {}
    rows = connection.execute(
        text(
            f"with counted as {counts_of_rules()}, settled as ({settled}) "
            "select r.rule as id, r.category, r.why as says, coalesce(tried, 0) as tried, "
            "coalesce(failed, 0) as failed, coalesce(answered, 0) as answered "
            "from reference.worklist_rule r left join counted using (rule) "
            "left join settled using (rule) "
            "where r.category is not null and r.active order by r.rule"
        ),
        values,
    ).mappings()
    return [RuleCount(**row) for row in rows]


def open_queries(connection: Connection, counts: list[RuleCount]) -> int:
    """The queries that are open: of the rules, as counted, and those that people raised."""
    raised: int = connection.execute(
        text(
            "select count(*) from present.last_step where rule is null and state <> all(:settled)"
        ),
        {"settled": list(SETTLED_STATES)},
    ).scalar_one()
    return raised + sum(count.open for count in counts)


def store_run(connection: Connection, counts: list[RuleCount], on: date | None = None) -> None:
    """Keeps the counts as those of the day, without one today's, in place of an earlier run."""
    on = on or connection.execute(text("select rules.today()")).scalar_one()
    connection.execute(text("delete from derived.quality_run where run_on = :on"), {"on": on})
    if counts:
        connection.execute(
            text(
                "insert into derived.quality_run (run_on, rule, category, tried, failed, answered) "
                "values (:on, :id, :category, :tried, :failed, :answered)"
            ),
            [vars(count) | {"on": on} for count in counts],
        )


def trend(connection: Connection, rule: str | None = None) -> list[dict[str, Any]]:
    """A row per day that was run, of one rule or of all together.

    Records tried and failed, those of the failed that are answered for and those still open, and
    the failed in per cent.
    """
    rows = connection.execute(
        text(
            "select run_on, sum(tried)::bigint as tried, sum(failed)::bigint as failed, "
            "sum(answered)::bigint as answered, sum(failed - answered)::bigint as open, "
            "round(100.0 * sum(failed) / nullif(sum(tried), 0), 3) as percent "
            "from derived.quality_run where cast(:rule as text) is null or rule = :rule "
            "group by run_on order by run_on"
        ),
        {"rule": rule},
    ).mappings()
    return [dict(row) for row in rows]
