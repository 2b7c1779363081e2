"""Pages in words: what a study asks, and what an answer to it discloses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.covariates import MODEL_TERMS
from registry.study.told import WITHHELD
from registry.whole_file import write_whole
from registry.words import in_english, listed, note

if TYPE_CHECKING:
    from registry.study.envelope import Envelope
    from registry.study.question import Question

_ANALYSES = {
    "flow": note(
        "How many children are registered, started infliximab, were left out and why, and lost "
        "response."
    ),
    "table1": note(
        "How the children were at their first infusion: numbers, means with deviations, and "
        "between which bounds medians lie."
    ),
    "table2": note("Whether loss of response goes with each of the covariates alone."),
    "km": note("How many had not lost response after some months."),
    "cox": note("Whether loss of response goes with several covariates together."),
}


def protocol(
    question: Question, limit: int, most_rounds: int, *, masked: bool = False
) -> list[str]:
    """What is done with a hospital's data, for whoever decides on it."""
    said = [_ANALYSES[name] for name in question.analyses]
    model = question.model
    if model is not None:
        said.append(
            note(
                "The model: {terms}; ties by {ties}; each hospital has a hazard of its own.",
                terms=listed(str(MODEL_TERMS[one.id].label) for one in model.terms),
                ties=model.ties.capitalize(),
            )
        )
        if model.time_dependent:
            said.append(note("Day by day: {terms}.", terms=listed(model.time_dependent)))
        if model.strata:
            said.append(note("A hazard of its own for each level of {strata}.",
                             strata=listed(model.strata)))  # fmt: skip
        if model.late_entry:
            said.append(note("Children count from the day after their week-14 PCDAI on."))
        if model.firth:
            said.append(note("Firth's penalty, which keeps estimates finite where losses are few."))
        if model.profile:
            said.append(
                note("Limits and P by the profile likelihood: sums are asked in more places.")
            )
    if masked:
        said.append(
            note(
                "Numbers leave a hospital masked: each is random by itself, and the coordinator "
                "opens sums of three hospitals or more."
            )
        )
    return [
        *map(str, said),
        str(
            note(
                "Children's rows stay in their hospital. What leaves are counts and sums of at "
                "least {limit} children each, in at most {rounds} rounds of files that anybody "
                "can read.",
                limit=limit,
                rounds=most_rounds,
            )
        ),
    ]


def envelope_page(envelope: Envelope) -> list[str]:
    """A study in words: a title, then a sentence or a line a paragraph."""
    body = envelope.body
    with in_english():
        return [
            str(note("Study {name}, round {round} of at most {most}", name=body["study"],
                     round=envelope.round, most=body["most_rounds"])),
            body["question"],
            *body["protocol"],
            str(note("Asked by {name}.", name=body["coordinator"]["name"])),
            str(note("Who may take part: {names}.",
                     names=listed(one.name for one in envelope.participants))),
            str(note("Definition {name}, hash {hash}; rules {rules}; program {program}.",
                     name=body["definition"]["name"], hash=body["definition"]["hash"][:12],
                     rules=body["rules"][:12], program=body["program"])),
            *_masks(envelope),
        ]  # fmt: skip


def _masks(envelope: Envelope) -> list[str]:
    """Who adds to masked sums, and who is said to have stayed away."""
    if not envelope.is_masked or envelope.round == 1:
        return []
    adding = sorted({name for who in envelope.groups.values() for name in who})
    said = [str(note("Masked sums are opened of: {names}.", names=listed(adding)))]
    left = [one.name for one in envelope.participants if one.name not in adding]
    if left and envelope.asks_everything:
        said.append(
            str(
                note(
                    "Not in them: {names}. Had one of these answered after the first round, its "
                    "own numbers would be those of before less these: ask it.",
                    names=listed(left),
                )
            )
        )
    return said


def masked_page(
    envelope: Envelope,
    parts: Mapping[str, Sequence[Any]],
    hospital: str,
    withheld: Mapping[str, Any],
) -> list[str]:
    """What a masked answer discloses, in words."""
    said: list[str] = [
        note("Answer of {hospital} to round {round} of the study {study}", hospital=hospital,
             round=envelope.round, study=envelope.body["study"]),
    ]  # fmt: skip
    if envelope.round == 1:
        said.append(
            note(
                "No number leaves: only of which {parts:part|parts} this hospital has enough "
                "children, at least {limit} behind each number.",
                parts=len(parts),
                limit=envelope.limit,
            )
        )
    else:
        sent = sum(len(parts[part]) for part in parts)
        said.append(
            note(
                "No row, date, id or name leaves: {number:number|numbers} of at least {limit} "
                "children each, masked. Each is random to whoever has not those of all others.",
                number=sent,
                limit=envelope.limit,
            )
        )
    said += [
        note("Not told, {analysis}: {why}", analysis=name, why=told[WITHHELD])
        for name, told in withheld.items()
    ]
    return [str(one) for one in said]


def answer_page(envelope: Envelope, numbers: Mapping[str, Any], hospital: str) -> list[str]:
    """What an answer discloses, in words."""
    limit = envelope.limit
    said: list[str] = [
        note("Answer of {hospital} to round {round} of the study {study}", hospital=hospital,
             round=envelope.round, study=envelope.body["study"]),
        note("No row, no date, no id and no name of a child leaves: {number:number|numbers}, each "
             "of at least {limit} children.",
             number=sum(1 for _ in leaves(numbers)), limit=limit),
    ]  # fmt: skip
    for name, told in numbers.items():
        if WITHHELD in told:
            said.append(note("Not told, {analysis}: {why}", analysis=name, why=told[WITHHELD]))
        elif name == "cox":
            said += _of_model(told)
        else:
            said.append(_ANALYSES[name])
    said.append(
        note(
            "A hash of the data made with this hospital's private key stands beside them: it says "
            "nothing to anybody else."
        )
    )
    return [str(one) for one in said]


def _of_model(told: Mapping[str, Any]) -> list[str]:
    said: list[str] = [
        note(
            "Of the model with {n:child|children} and {events:loss|losses}, at the coefficients "
            "{coef}: log-likelihood, slope and information, summed over all.",
            n=told["n"],
            events=told["events"],
            coef=listed(f"{value:.4f}" for value in one["coef"]),
        )
        for one in told["at"]
    ]
    if "closing" in told:
        said.append(
            note(
                "At the estimate: how many pairs of children the model orders rightly, and the "
                "sums of a test whether effects change over time."
            )
        )
    if told["at"]:
        said.append(
            note(
                "Who knows much of the hospital could work out from these sums about how many "
                "children have a level of a term, or two together: as many as the limit, or "
                "nobody."
            )
        )
    return said


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every number of a document with its path."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            yield from leaves(held, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for place, held in enumerate(value):
            yield from leaves(held, f"{path}.{place}")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def numbers_sent(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every number of an answer with its path; a masked one as it left, in hexadecimal."""
    yield from leaves(body["numbers"])
    for part, sums in body.get("masked", {}).get("sums", {}).items():
        yield from ((f"{part}.{place}", one) for place, one in enumerate(sums))


def write_page(path: Path, page: Sequence[str]) -> None:
    """Writes a page as text, or as HTML where its name ends so."""
    title, *rest = page
    if path.suffix.lower() in (".html", ".htm"):
        paragraphs = "\n".join(f"<p>{escape(one)}</p>" for one in rest)
        text = (
            f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
            f'\n<body style="max-width: 40em; margin: 2em auto; font: 1em/1.5 sans-serif">\n'
            f"<h1>{escape(title)}</h1>\n{paragraphs}\n</body></html>\n"
        )
    else:
        text = "\n\n".join([title, *rest]) + "\n"
    write_whole(path, lambda part: part.write_text(text, encoding="utf-8"), make_folder=True)
