"""`registry analyse sensitivity`: the Cox model under every reading of the rules."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.cox import (
    USUAL_TIES,
    AsPublishedOption,
    CovariatesOption,
    TiesOption,
    chosen,
    listed,
)
from registry.cli.analyse.data import Data
from registry.cli.frame.output import counted
from registry.cli.frame.signatures import option
from registry.errors import WrongUsage
from registry.words import note, tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.analysis.cox.choice import Choice
    from registry.analysis.cox.sensitivity import Reading

MOST_READINGS = 100
# Name of the definition that is tried out; it is never there when anybody else looks.
TRIAL = "on-trial"


class Model(StrEnum):
    """The published model or the sound one."""

    PUBLISHED = "published"
    SOUND = "sound"


def sensitivity(
    data: Data,
    vary: Annotated[
        list[str] | None,
        option(
            "--vary",
            "KEY=A,B,...",
            "A parameter of the definition and the values to try; may be repeated. `registry "
            "definition show paper` lists them; none is written none.",
        ),
    ] = None,
    definitions: Annotated[
        str | None,
        option("--definitions", "A,B,...", "Definitions to vary; without it all of them."),
    ] = None,
    model: Annotated[
        list[Model] | None,
        typer.Option("--model", help="Which model; may be repeated. Without it both."),
    ] = None,
    covariates: CovariatesOption = None,
    ties: TiesOption = USUAL_TIES,
    as_published: AsPublishedOption = False,
    limit: Annotated[
        int, option("--limit", "N", "The most readings that are fitted.", min=1)
    ] = MOST_READINGS,
) -> Any:
    """The Cox model under every reading of the rules: a specification curve.

    Every combination of the definitions and of the values given with --vary is one reading; the
    definition of --definition is the reference and chooses the covariates. Nothing is stored.

    Example: registry analyse sensitivity --vary lor_above=15,17.5 --vary lor_confirmations=1,2
    """
    from registry.analysis.cox.sensitivity import sensitivity_analysis
    from registry.definitions.store import list_definitions

    varied = _varied(vary or [])
    others = [str(one["name"]) for one in list_definitions(data.connection)]
    # Of two readings that are alike the reference's name stands.
    bases = sorted(listed(definitions) or others, key=lambda one: one != data.definition)
    _require_few(len(bases) * math.prod(len(values) for values in varied.values()), limit)
    choice = chosen(data, covariates, as_published=as_published)
    readings, same = _readings(data.connection, data.definition, bases, varied, choice)
    # Nobody waits for what the trials have locked.
    data.close()
    notes = []
    if same:
        notes.append(
            note("{same} combinations repeat the parameters of another and stand once.", same=same)
        )
    return sensitivity_analysis(
        readings,
        choice,
        models=[one.value for one in model or list(Model)],
        varied=varied,
        ties=ties.value,
        notes=notes,
    )


def every_definition(data: Data) -> Any:
    """Every definition as a reading of the rules, that of the data as the reference."""
    from registry.analysis.cox.sensitivity import sensitivity_analysis
    from registry.definitions.store import get_definition, list_definitions

    # A definition without a status of every patient would be read by halves.
    others = [one["name"] for one in list_definitions(data.connection) if not one["waiting"]]
    choice = chosen(data, None)
    readings: dict[tuple[Any, ...], Reading] = {}
    for name in (data.definition, *others):
        own = data if name == data.definition else Data(partial(_named, data.connection, name))
        read_as = _rules_of(get_definition(data.connection, name))
        if read_as not in readings:
            readings[read_as] = _reading(own, name, {}, choice)
    return sensitivity_analysis(list(readings.values()), choice)


def _named(connection: Connection, name: str) -> tuple[Connection, str]:
    return connection, name


def _reading(data: Data, base: str, choices: dict[str, str], choice: Choice) -> Reading:
    from registry.analysis.cox.sensitivity import Reading

    acquired = any(one.acquired_after_start for one in choice.covariates)
    exposure = data.view("exposure") if acquired else None
    patients = data.patients_with(choice.names, entry=True)
    return Reading(base, choices, data.basis, patients, exposure)


def _readings(
    connection: Connection,
    reference: str,
    bases: Sequence[str],
    varied: dict[str, list[str]],
    choice: Choice,
) -> tuple[list[Reading], int]:
    """The reference, then every combination; and how many of these repeat another of them."""
    from registry.definitions.store import get_definition

    combinations = [
        (base, dict(zip(varied, values, strict=True)))
        for base in bases
        for values in itertools.product(*varied.values())
    ]
    found: dict[tuple[Any, ...], Reading] = {}
    repeated: set[tuple[Any, ...]] = set()
    same = 0
    for number, (base, choices) in enumerate(counted([(reference, {}), *combinations])):
        with _tried(connection, base, choices) as name:
            parameters = get_definition(connection, name)
            read_as = _rules_of(parameters)
            if read_as not in found:
                data = Data(partial(_named, connection, name))
                written = {key: _written(parameters[key]) for key in varied}
                found[read_as] = _reading(data, base, written, choice)
        if number:
            same += read_as in repeated
            repeated.add(read_as)
    return list(found.values()), same


def _rules_of(parameters: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two readings alike: the covariates are the reference's in all of them."""
    from registry.models.definition import Definition

    return tuple(parameters[key] for key in Definition.of_rules())


@contextmanager
def _tried(connection: Connection, base: str, choices: dict[str, str]) -> Iterator[str]:
    """The name of a definition with these choices, there until the end of the block."""
    from registry.definitions.store import add_definition
    from registry.derivation.try_out import derive_on_trial

    if not choices:
        yield base
        return
    trial = connection.begin_nested()
    try:
        changes = [f"{key}={value}" for key, value in choices.items()]
        add_definition(connection, TRIAL, base, changes)
        derive_on_trial(connection, TRIAL)
        yield TRIAL
    finally:
        trial.rollback()


def _written(value: Any) -> str:
    """A parameter's value as it is given on the command line."""
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return f"{value.normalize():f}"
        case _:
            return str(value)


def _varied(written: Sequence[str]) -> dict[str, list[str]]:
    """The parameters of --vary with their values, as they are written."""
    from registry.models.definition import Definition
    from registry.parsing.parameter import read_parameter

    parameters = Definition.parameters()
    found: dict[str, list[str]] = {}
    for one in written:
        key, equals, values = one.partition("=")
        tried = list(dict.fromkeys(listed(values) or []))
        if not equals or not tried:
            raise WrongUsage(
                tr("--vary {written} does not say what to try.", written=one),
                cure=tr("Write it as --vary lor_above=12.5,15,17.5"),
            )
        if key.strip() in Definition.OF_MODELS:
            raise WrongUsage(
                tr("--vary {key}: the covariates are the same in all readings.", key=key),
                cure=tr("Name them with --covariates."),
            )
        if key.strip() in found:
            raise WrongUsage(
                tr("--vary {key} is given twice.", key=key), cure=tr("Give all its values in one.")
            )
        for value in tried:
            # Says what is wrong with a name or a value before anything is derived.
            read_parameter(f"{key}={value}", parameters, "registry definition show paper")
        found[key.strip()] = tried
    return found


def _require_few(readings: int, limit: int) -> None:
    if readings > limit:
        raise WrongUsage(
            tr("These are {readings} readings, more than {limit}.", readings=readings, limit=limit),
            cure=tr("Vary fewer parameters or name fewer --definitions, or raise --limit."),
        )
