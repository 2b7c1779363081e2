"""`registry export fhir|...`: the records as other programs and registries take them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from registry.cli.frame.context import opened, over, remark, run_of
from registry.cli.frame.disclosure import refuse_listing
from registry.cli.frame.output import steps_shown
from registry.disclosure.audience import Audience
from registry.words import note, spoken

if TYPE_CHECKING:
    from registry.export.leaving import Writer


@dataclass(frozen=True)
class Neighbour:
    """A standard that records leave in: what it is, and what loads its writer."""

    holds: str
    writer: Callable[[], Writer]


def _fhir() -> Writer:
    from registry.export.fhir import write_fhir

    return write_fhir


def _omop() -> Writer:
    from registry.export.omop import write_omop

    return write_omop


def _cdisc() -> Writer:
    from registry.export.cdisc import write_cdisc

    return write_cdisc


def _phenopackets() -> Writer:
    from registry.export.phenopackets import write_phenopackets

    return write_phenopackets


def _rare_disease() -> Writer:
    from registry.export.rare_disease import write_rare_disease

    return write_rare_disease


# The word after `registry export` -> the standard; help, completion and documentation read it.
NEIGHBOURS = {
    "fhir": Neighbour(note("FHIR R4 resources, a file a type (NDJSON)"), _fhir),
    "omop": Neighbour(note("tables of the OMOP common data model 5.4 (CSV)"), _omop),
    "cdisc": Neighbour(
        note("Dataset-JSON 1.1 of each table, ODM 2.0 of dictionary and audit"), _cdisc
    ),
    "phenopackets": Neighbour(note("gene findings as GA4GH phenopackets 2 (JSON)"), _phenopackets),
    "rare-disease": Neighbour(
        note("the European common data elements for rare diseases (CSV)"), _rare_disease
    ),
}


def export_neighbour(
    context: typer.Context,
    name: str,
    folder: Path,
    *,
    codes: Path | None,
    vocabulary: Path | None,
    unchecked: bool,
    disclosure: Audience | None,
    force: bool,
) -> None:
    """Writes the records in one of the standards, of the children whose families allow it."""
    from registry.codes import held_to, known_codes
    from registry.derivation.status import bring_up_to_date
    from registry.export.leaving import Coder, Leaving, withheld_of, write_neighbour

    known = known_codes(codes)
    if vocabulary is not None:
        known = held_to(known, vocabulary)
    coder = Coder(known, unchecked=unchecked)
    settings = run_of(context).settings()
    with ExitStack() as stack:
        stack.enter_context(steps_shown())
        live = stack.enter_context(opened(settings._replace(freeze=None, as_of=None)))
        read = stack.enter_context(over(live, settings))
        if read.frozen is None:
            bring_up_to_date(live.engine, user=settings.user)
        connection = stack.enter_context(
            read.engine.connect().execution_options(isolation_level="REPEATABLE READ")
        )
        refuse_listing(connection, disclosure)
        withheld = withheld_of(connection)
        if read.frozen is not None:
            # What was withdrawn since the freeze does not leave either.
            withheld = withheld.also(withheld_of(stack.enter_context(live.engine.connect())))
        as_of = None if read.frozen is None else read.frozen.as_of
        leaving = Leaving(connection, withheld, coder, as_of)
        written = write_neighbour(leaving, NEIGHBOURS[name].writer(), folder, force=force)
    remark(
        "{rows:row|rows} of {children:child|children} in {files:file|files} written to {folder}.",
        rows=sum(written.files.values()),
        children=written.children,
        files=len(written.files),
        folder=folder,
    )
    if written.mapped or written.unmapped:
        remark(
            "{mapped:value has|values have} a code of a standard, {unmapped} the registry's "
            "own alone: see codes.csv.",
            mapped=written.mapped,
            unmapped=written.unmapped,
        )
    for reason, words in (
        ("no_research_consent", note("no consent to research")),
        ("no_sharing_consent", note("no consent to sharing")),
    ):
        number = len(withheld.children[reason])
        if number:
            remark(
                "{number:child is|children are} left out: {reason}.",
                number=number,
                reason=spoken(words),
            )
