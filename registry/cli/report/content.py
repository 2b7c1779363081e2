"""What a report is made of: each analysis of one definition, or why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from registry.analysis.choices import LANDMARK_MONTHS
from registry.cli.analyse.analyses import ANALYSES, BY_NAME, Analysis
from registry.cli.analyse.apart import apart
from registry.cli.analyse.curves import km
from registry.cli.analyse.data import Data
from registry.cli.analyse.publication import plan_for, prove
from registry.cli.frame.output import counted
from registry.disclosure.audience import Audience
from registry.report.telling import Content

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.report.preamble import Facts

# The two covariates whose curves the study shows.
CURVES_BY = ("im_over_6_months", "response_without_remission")


def content_of(
    connection: Connection,
    definition: str,
    *,
    curves_by: Sequence[str] = CURVES_BY,
    landmark_months: float = LANDMARK_MONTHS,
    losses: bool = False,
    audience: Audience = Audience.NONE,
) -> Content:
    """Every analysis of the definition.

    Args:
        connection: on which nothing of the definition waits for a derivation.
        definition: its name.
        curves_by: ids of covariates that get curves of their own.
        landmark_months: where the curves of what is acquired after the start begin.
        losses: also list every loss by study id.
        audience: for whom it is.

    Raises:
        WrongUsage: a covariate is unknown.
    """
    data = Data(lambda: (connection, definition))
    return content_from(data, curves_by, landmark_months, losses=losses, audience=audience)


def content_from(
    data: Data,
    curves_by: Sequence[str] = CURVES_BY,
    landmark_months: float = LANDMARK_MONTHS,
    *,
    losses: bool = False,
    audience: Audience = Audience.NONE,
) -> Content:
    """The same of rows that others may share."""
    from registry.analysis.dataset import covariates_by_id
    from registry.analysis.fingerprint import fingerprint

    plan = plan_for(data, audience)
    covariates = covariates_by_id(curves_by, data.basis.limits)
    told = [one for one in ANALYSES if losses or one.name != "losses"]
    with apart(data, [one for one in told if one.apart]) as data:
        # What another process is at is asked for last.
        turns = sorted(told, key=lambda one: one.reported_by in data.elsewhere)
        made = {one.name: one.reported(data, plan) for one in counted(turns, attrgetter("name"))}
    documents = {one.name: made[one.name] for one in told}
    curves = [
        curves_by_level(covariate.id, landmark).reported(data, plan)
        for covariate in covariates
        for landmark in ((None, landmark_months) if covariate.acquired_after_start else (None,))
    ]
    if plan is not None:
        prove(documents, plan, curves)
    rows = {view: data.view(view) for one in ANALYSES for view in one.reads}
    return Content(documents, curves, fingerprint(rows), BY_NAME)


def curves_by_level(covariate: str, landmark: float | None = None) -> Analysis:
    """The curves of each level of a covariate; a page has no P by permutation."""
    run = partial(km, by=covariate, landmark=landmark, permute_below=0)
    return replace(BY_NAME["km"], report=run)


def facts_of(
    connection: Connection,
    definition: str,
    data_hash: str,
    *,
    title: str,
    nature: str,
    published: bool = False,
) -> Facts:
    """What the report says about itself.

    Without the hash of rows where it is `published`: guesses of a child's values could be tried
    against it.
    """
    from registry.analysis.basis import basis_of
    from registry.database.frozen import frozen_of
    from registry.database.migrate import server_version
    from registry.definitions.store import get_definition
    from registry.report.preamble import Facts
    from registry.report.versions import versions

    row, frozen = get_definition(connection, definition), frozen_of(connection)
    return Facts(
        title=title,
        definition=definition,
        definition_hash=str(row["hash"]),
        nature=nature,
        versions=versions() | {"PostgreSQL": server_version(connection)},
        time_zero=basis_of(connection, definition).origin,
        parameters=row,
        data_hash="" if published else data_hash,
        frozen="" if frozen is None else frozen.told(published=published),
    )
