"""What the shell offers behind Tab: patients, definitions, views, tables and codes.

A callback says nothing where the database cannot be reached, for a line that is being typed is no
place for an error. The embedded server is started for it, unless it ended in a crash, whose repair
may take long. Nothing heavy is loaded: the driver talks to the server by itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.frame.signatures import argument
from registry.settings import Settings
from registry.vocabulary import MEANINGS, NULL_FLAVOURS
from registry.words import spoken

if TYPE_CHECKING:
    import psycopg

    from registry.records.rows import Entity

# More than a screen of them is not read; another letter brings the rest.
OFFERED = 100
CONNECT_SECONDS = 2
STATEMENT_MILLISECONDS = 500

Offer = list[str] | list[tuple[str, str]]


def _names(query: str) -> Callable[[typer.Context, str], list[str]]:
    """A callback for the names that a query selects, of which those that begin so are offered."""

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        asked = f"select name from ({query}) n where starts_with(name, %s) order by 1 limit %s"
        return _asked(context, asked, incomplete)

    return complete


complete_patient = _names(
    "select n.study_id as name from reference.patient_number n "
    "join clinical.patient using (patient_id)"
)
complete_definition = _names("select name from reference.definition")
complete_freeze = _names("select name from reference.data_freeze where not dropped")
complete_release = _names("select name from reference.data_release where not dropped")
complete_assay = _names("select name from reference.assay")
complete_view = _names("select viewname::text as name from pg_views where schemaname = 'analytics'")

RequiredPatient = Annotated[
    str, argument("PATIENT", "A study id.", autocompletion=complete_patient)
]
FreezeArgument = Annotated[str, argument("NAME", "A freeze.", autocompletion=complete_freeze)]
PatientArgument = Annotated[
    str | None, argument("PATIENT", "A study id.", autocompletion=complete_patient)
]


def complete_key(entity: Entity) -> Callable[[typer.Context, str], list[str]]:
    """A callback for the natural key of the patient's records: dates, and what stands behind them.

    Of a key of several words each is offered as it goes with those before it.
    """

    def complete(context: typer.Context, incomplete: str) -> list[str]:
        before = list(context.params.get("key") or ())
        column, *_ = entity.natural_key[len(before) :] or (None,)
        patient = context.params.get("patient") or context.params.get("patient_option")
        if column is None or patient is None:
            return []
        conditions = [f"{name}::text = %s" for name in entity.natural_key[: len(before)]]
        return _asked(
            context,
            f"select distinct {column}::text from clinical.{entity.__tablename__} "
            "join reference.patient_number using (patient_id) where "
            + " and ".join(["study_id = %s", *conditions, f"starts_with({column}::text, %s)"])
            + " order by 1 desc limit %s",
            incomplete,
            patient,
            *before,
        )

    return complete


def complete_covariates(incomplete: str) -> list[tuple[str, str]]:
    """Covariates that begin so, with their labels; of `a,b,...` the last."""
    from registry.covariates import COVARIATES

    before, comma, last = incomplete.rpartition(",")
    return [
        (before + comma + covariate.id, spoken(covariate.label))
        for covariate in COVARIATES
        if covariate.id.startswith(last.strip()) and covariate.id not in before.split(",")
    ]


def complete_table(incomplete: str) -> list[str]:
    """Import files' tables that begin so."""
    from registry.models.codebook import headers

    return [name for name in headers() if name.startswith(incomplete)]


def complete_codes(codes: tuple[str, ...]) -> Callable[[str], list[tuple[str, str]]]:
    """A callback for a list of the vocabulary: the codes that begin so, with their meanings."""

    def complete(incomplete: str) -> list[tuple[str, str]]:
        return [
            (code, spoken(meaning))
            for code, meaning in MEANINGS[codes].items()
            if code.lower().startswith(incomplete.lower())
        ]

    return complete


def complete_reasons(columns: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A callback for COLUMN=CODE: why the value of a column is missing."""

    def complete(incomplete: str) -> list[str]:
        pairs = [f"{column}={code}" for column in columns for code in NULL_FLAVOURS]
        return [pair for pair in pairs if pair.lower().startswith(incomplete.lower())]

    return complete


def _asked(context: typer.Context, query: str, incomplete: str, *first: str) -> list[str]:
    """What the query gives for the values: `first`, what is typed so far, and how many."""
    with suppress(Exception), _connected(context) as connection:
        return [row[0] for row in connection.execute(query, (*first, incomplete, OFFERED))]
    return []


@contextmanager
def _connected(context: typer.Context) -> Iterator[psycopg.Connection[Any]]:
    """The database that the command being typed would use; raises where there is none."""
    import psycopg

    given = context.find_root().params
    settings = Settings.read(home=given.get("home"), database_url=given.get("database_url"))
    with (
        _server_url(settings) as url,
        psycopg.connect(
            re.sub(r"^postgres(ql)?(\+psycopg)?://", "postgresql://", url),
            connect_timeout=CONNECT_SECONDS,
            options=f"-c statement_timeout={STATEMENT_MILLISECONDS}",
        ) as connection,
    ):
        yield connection


@contextmanager
def _server_url(settings: Settings) -> Iterator[str]:
    if settings.database_url is not None:
        yield settings.database_url
        return
    from registry.database import embedded
    from registry.database.cluster import Layout

    data = Layout(settings.home).data
    crashed = (data / "postmaster.pid").exists() and not embedded.is_running(settings.home)
    if crashed or not data.is_dir():
        raise FileNotFoundError(data)
    with embedded.start(settings.home) as server:
        yield server.url()
