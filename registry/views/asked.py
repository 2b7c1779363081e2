"""Views asked of less than all that they hold: of some rules, or of one child.

The server reads the definition of every view below one that is asked, and plans them all, before it
leaves out what no condition lets through; a condition on the child does not reach through the joins
of the rules. So less is asked for by its own text. It names schemas, for no path is set.
"""

from __future__ import annotations

from collections.abc import Iterable

from registry.views.plausibility import union_of_rules
from registry.views.view import select_of

# The view `analytics.worklist`, of the child with the registry's number :number.
WORKLIST_OF_ONE = "({}) worklist".format(
    select_of("analytics", "worklist").replace(
        "from work",
        "from (values (cast(:number as bigint))) as asked (patient_id) cross join lateral "
        "(select * from present.work w where w.patient_id = asked.patient_id offset 0) w",
    )
)


def findings_of(rules: Iterable[str]) -> str:
    """The rows of `present.finding` of these rules, as a query in brackets."""
    query = select_of("worklist", "finding")
    for written, meant in (
        ("from plausibility f", f"from ({union_of_rules(rules, 'present.')}) f"),
        ("finding_key(", "rules.finding_key("),
        ("join patient_number", "join reference.patient_number"),
        ("from query_step", "from reference.query_step"),
    ):
        query = query.replace(written, meant)
    return f"({query})"
