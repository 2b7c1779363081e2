"""The report of a night as a short text for people (Markdown), and as files."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from registry.errors import cannot_write
from registry.schedule import left_out, store
from registry.schedule.plan import Plan
from registry.views.headers import Facts, part
from registry.words import tr

Report = Mapping[str, Any]


def free_name(folder: Path, day: date, taken: Sequence[str]) -> str:
    """`nightly-2026-11-22`, or with a number after it where a report of that day has that name."""
    name, number = f"nightly-{day}", 1
    while name in taken or (folder / f"{name}.md").exists():
        number += 1
        name = f"nightly-{day}-{number}"
    return name


def write_reports(engine: Engine, plan: Plan) -> list[Path]:
    """Writes every report that waits to be written, as text and as JSON; the texts' paths.

    Raises Refused where the folder cannot be written to.
    """
    written = []
    for night, report in store.unwritten(engine):
        path = plan.report_dir / f"{report['name']}.md"
        document = json.dumps(report, ensure_ascii=False, indent=2)
        write_file(path.with_suffix(".json"), document.encode() + b"\n")
        write_file(path, report_text(report, plan).encode())
        store.mark_written(engine, night, str(path))
        written.append(path)
    return written


def write_file(path: Path, content: bytes) -> None:
    """Puts a whole file there or none, and makes its folder, for its owner only, if need be."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Named so that no program which collects mail takes it before it is whole.
        with tempfile.NamedTemporaryFile(
            prefix=".", suffix=".part", dir=path.parent, delete=False
        ) as part:
            try:
                part.write(content)
                part.flush()
                os.fsync(part.fileno())
                os.replace(part.name, path)
            except BaseException:
                Path(part.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise cannot_write(
            path, error, tr("Name a folder that you may write to, with room in it.")
        ) from None


def report_text(report: Report, plan: Plan) -> str:
    """The whole report: new losses first."""
    lines = [f"# {tr('Nightly run of {day}', day=report['day'])}", "", _since(report, plan)]
    lines += _outcome(report)
    losses = report["new_losses"]
    if not report["derived"]:
        lines += ["", tr("What changed is in the report of the next run that derives.")]
    else:
        if losses or not report.get("left_out"):
            lines += ["", _heading(tr("New losses of response"), patients_of(losses))]
        else:
            lines += ["", f"## {tr('New losses of response: none seen')}"]
        lines += loss_lines(losses, report.get("default_definition"))
        lines += _left_out(report)
        lines += _changes(report)
        lines += _data(report, plan)
    lines += _worklist(report)
    lines += _seal(report)
    lines += _backup(report)
    return "\n".join(lines) + "\n"


def patients_of(losses: Sequence[Report]) -> int:
    """How many patients these are; one may be lost by several definitions."""
    return len({loss["patient_id"] for loss in losses})


def losses_in_words(report: Report) -> str:
    """How many have lost response, and whether others were left out."""
    number = patients_of(report["new_losses"])
    if not report["derived"]:
        return tr("It is not known who has lost response.")
    if not report.get("left_out"):
        return tr("{number:patient has|patients have} lost response.", number=number)
    if number:
        return tr(
            "{number:patient has|patients have} lost response; some were left out.", number=number
        )
    return tr("No loss of response was seen; some patients were left out.")


def loss_lines(losses: Sequence[Report], default: str | None) -> list[str]:
    """A line a loss with its evidence: the deciding visit, its score, what it was held to.

    Definitions that one visit decides alike share a line. Patients who are lost by the default
    definition come first; None in a report from before there was one.
    """
    alike: dict[tuple[Any, ...], list[Report]] = {}
    for loss in losses:
        alike.setdefault(tuple(loss[name] for name in _EVIDENCE), []).append(loss)
    by_default = {loss["patient_id"] for loss in losses if loss["definition"] == default}
    first: list[str] = []
    others: list[str] = []
    for together in alike.values():
        lines = first if default is None or together[0]["patient_id"] in by_default else others
        lines.append(f"- {_loss(together)}")
    if others:
        head = tr("By other definitions than {definition} alone:", definition=default)
        others = [*([""] if first else []), head, "", *others]
    return first + others


def _left_out(report: Report) -> Iterator[str]:
    unseen = report.get("left_out")
    if not unseen:
        return
    yield from ("", f"## {tr('Left out')}", "")
    for one in unseen:
        match one["cause"]:
            case left_out.AFTER_CUT:
                words = tr(
                    "infusions of {number:patient|patients} lie after the data cut of {day}",
                    number=one["patients"],
                    day=one["data_cut"],
                )
            case left_out.NEVER_DERIVED:
                words = tr(
                    "{number:patient was|patients were} never derived", number=one["patients"]
                )
            case _:
                words = tr("could not be derived: {said}", said=one["said"])
        yield f"- {one['definition']}: {words}"


_EVIDENCE = ("patient_id", "on", "pcdai", "above", "confirmations", "last_negative_on", "cause")


def _loss(together: list[Report]) -> str:
    loss, facts = together[0], _facts(together[0])
    words = tr(
        "{patient} ({definitions}): {found}, {limit}",
        patient=loss["patient_id"],
        definitions=", ".join(one["definition"] for one in together),
        found=part("scored", facts),
        limit=part("beyond", facts),
    )
    rising: dict[str, list[str]] = {}
    for one in together:
        if limit := part("beyond_week14", _facts(one)):
            rising.setdefault(limit, []).append(one["definition"])
    for limit, definitions in rising.items():
        words += tr(", by {definition} {limit}", definition=", ".join(definitions), limit=limit)
    words += part("confirmed", facts) + part("last_without", facts)
    match loss["cause"]:
        case "new_data":
            words += tr("; by new records")
        case "corrected":
            words += tr("; after corrected records")
    return words


def _facts(loss: Report) -> Facts:
    """A loss by the names of the rule that tells it."""
    return {
        **loss,
        "event_on": loss["on"],
        "event_pcdai": loss["pcdai"],
        "lor_above": loss["above"],
        "lor_requires_rise": loss["above_week14"],
        "lor_confirmations": loss["confirmations"],
    }


def _since(report: Report, plan: Plan) -> str:
    if report["since"] is None:
        return tr("The first report: all that the registry holds is new.")
    since = plan.local(datetime.fromisoformat(report["since"]))
    return tr("Since the report of {moment}.", moment=f"{since:%Y-%m-%d %H:%M}")


def _outcome(report: Report) -> list[str]:
    """How the run ended; nothing as long as it runs, or when it was killed."""
    if "good" not in report:
        return [tr("The run is at work, or was ended before its end.")]
    failed = [step for step in report["steps"] if step["state"] != store.GOOD]
    words = tr("Done in {seconds} s.", seconds=report["seconds"])
    if not failed:
        return [f"{words} {tr('Every step went well.')}"]
    return [words, "", *(f"- **{step['name']}**: {step['said']}" for step in failed)]


def _heading(words: str, number: int) -> str:
    return f"## {words}: {number}" + ("\n" if number else "")


def _changes(report: Report) -> Iterator[str]:
    if report["withdrawn_losses"]:
        yield from ("", _heading(tr("Losses taken back"), patients_of(report["withdrawn_losses"])))
        yield from map(_change, report["withdrawn_losses"])
    others = [
        one for one in report["transitions"] if "loss_of_response" not in (one["from"], one["to"])
    ]
    if others:
        yield from ("", _heading(tr("Other changes of state"), sum(o["patients"] for o in others)))
        for one in others:
            yield tr(
                "- {definition}: {before} to {after}: {number}",
                definition=one["definition"],
                before=one["from"] or tr("none"),
                after=one["to"] or tr("none"),
                number=one["patients"],
            )
    if report["other_changes"]:
        yield ""
        yield from map(_change, report["other_changes"])


def _change(change: Report) -> str:
    return tr(
        "- {patient} ({definition}): {before}, now {after}",
        patient=change["patient_id"],
        definition=change["definition"],
        before=change["from"],
        after=change["to"] or tr("none"),
    )


def _data(report: Report, plan: Plan) -> Iterator[str]:
    data = report["data"]
    yield from ("", _heading(tr("Changes of data"), data["changes"]))
    for change in data["listed"]:
        made_at = plan.local(datetime.fromisoformat(change["made_at"]))
        words = f"- {made_at:%Y-%m-%d %H:%M}, {change['made_by']}, {change['command']}"
        yield words + (f": {change['summary']}" if change["summary"] else "")
    if data["changes"] > len(data["listed"]):
        yield tr("- and {number} earlier", number=data["changes"] - len(data["listed"]))


def _worklist(report: Report) -> Iterator[str]:
    worklist = report["worklist"]
    if worklist is None:
        return
    yield from ("", _heading(tr("Worklist"), worklist["items"]))
    for kind in worklist["kinds"]:
        new = tr(", {number} new", number=kind["new"]) if kind["new"] else ""
        yield f"- {kind['kind']}: {kind['items']}{new}"


def _seal(report: Report) -> Iterator[str]:
    seal = report.get("seal")
    if seal is not None:
        yield from ("", f"## {tr('Seal of the audit')}\n")
        yield tr("{head} (seal {number})", head=seal["head"], number=seal["seal"])


def _backup(report: Report) -> Iterator[str]:
    backup = report.get("backup")
    if backup is not None:
        yield from ("", f"## {tr('Backup')}\n")
        yield f"{backup['file']}, {backup['bytes'] / 1e6:.1f} MB"
        if verified := backup.get("verified"):
            yield "\n" + tr("Restored on trial, it gives the same: {found}", found=verified)
