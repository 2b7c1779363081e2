"""How the commands grow with the number of children, each once; a report, once."""

from __future__ import annotations

import math
from itertools import pairwise

from benchmark_parts.registries import DISK, MADE, ROWS, Found, Plan, Told
from benchmark_parts.timings import markdown

REPORT = "`report`"
ONE_CHILD = {
    "`status` of one child": "status {child}",
    "`worklist list` of one child": "worklist list {child}",
    "`explain` of one child": "explain {child}",
    "`patient show` of one child": "patient show {child}",
}
READ = {
    **ONE_CHILD,
    "`worklist list` of all, no night": "worklist list",
    "`analyse km`": "analyse km",
    "`analyse table2`": "analyse table2",
    "`analyse cox`": "analyse cox",
    REPORT: "report --out {out}",
}
# Of whose memory the table tells.
LARGE = ("`import`", "`analyse km`", REPORT)


def measure_growth(plan: Plan) -> Told:
    """Everything at every size, but no report beyond the third: it holds its rows in memory."""
    found = {}
    for place, children in enumerate(plan.sizes):
        commands = {name: words for name, words in READ.items() if name != REPORT or place < 3}
        found[children] = plan.measured(children, MADE | commands)
    return [], growth_table(found)


def growth_table(found: dict[int, Found]) -> str:
    """Processor seconds, a column a size, and the exponents from each to the next: 1 is linear."""
    sizes = found.values()

    def figure(one: Found, name: str, kind: str, form: str) -> str:
        return form.format(one[name][kind]) if name in one else ""

    rows = [[ROWS, *(figure(one, ROWS, "rows", "{:,}") for one in sizes), ""]]
    for name in (*MADE, *READ):
        grown = [
            math.log(b[name]["processor"] / a[name]["processor"]) / math.log(many / few)
            for (few, a), (many, b) in pairwise(found.items())
            if name in a and name in b
        ]
        cells = [figure(one, name, "processor", "{:.1f} s") for one in sizes]
        rows.append([name, *cells, ", ".join(f"{one:.2f}" for one in grown)])
    memory = [", ".join(figure(one, name, "MB", "{:.0f}") for name in LARGE) for one in sizes]
    rows.append([f"memory of the program in MB: {', '.join(LARGE)}", *memory, ""])
    rows.append([DISK, *(figure(one, DISK, "GB", "{:.1f} GB") for one in sizes), ""])
    return markdown(["children", *(f"{children:,}" for children in found), "exponents"], rows)


def measure_report(plan: Plan) -> Told:
    """Of the goals' size and of the largest: seconds by the clock, processor seconds, memory."""
    cells = []
    for children in plan.sizes[1:3]:
        plan.registry(children)
        taken = plan.measured(children, {REPORT: READ[REPORT]})[REPORT]
        cells.append("{seconds:.0f} s ({processor:.0f} s, {MB:,.0f} MB)".format(**taken))
    return cells, ""
