"""`registry analyse cox` and `compare-published`: models of the hazard."""

from __future__ import annotations

import csv
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.analysis.choices import TIES
from registry.cli.analyse.curves import Entry, EntryOption, HazardStrataOption, LandmarkOption
from registry.cli.analyse.data import Data
from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.context import remark
from registry.cli.frame.signatures import flag, option
from registry.errors import WrongUsage
from registry.parsing.formula import cells_kept
from registry.whole_file import write_whole
from registry.words import tr

if TYPE_CHECKING:
    from pandas import DataFrame

    from registry.analysis.cox.choice import Choice
    from registry.analysis.cox.result import Cox


class Ties(StrEnum):
    """How the Cox model handles events on the same day."""

    BRESLOW = "breslow"
    EFRON = "efron"


USUAL_TIES = Ties(TIES)


class Penalty(StrEnum):
    """Whether Firth's penalty is used."""

    FIRTH = "firth"
    NONE = "none"
    AUTO = "auto"


class Robust(StrEnum):
    """Within what observations may be alike."""

    CENTRE = "centre"
    PATIENT = "patient"


CovariatesOption = Annotated[
    str | None,
    option(
        "--covariates",
        "A,B,...",
        "Covariates of the model; without them those that the definition prespecifies, "
        "and where it has none those with a univariate P below 0.05, as published.",
        autocompletion=complete_covariates,
    ),
]
AsPublishedOption = Annotated[
    bool,
    flag(
        "--as-published",
        "Choose covariates by their univariate P whatever the definition prespecifies, and "
        "hold those acquired after the start fixed.",
    ),
]
TiesOption = Annotated[Ties, typer.Option("--ties", help="Events on the same day.")]


def cox(
    data: Data,
    covariates: CovariatesOption = None,
    ties: TiesOption = USUAL_TIES,
    time_dependent: Annotated[
        str | None,
        option(
            "--time-dependent",
            "A,B,...",
            "Covariates read day by day from the view exposure, e.g. im_over_6_months, im, "
            "gc, intensified.",
        ),
    ] = None,
    landmark: LandmarkOption = None,
    entry: EntryOption = Entry.START,
    strata: HazardStrataOption = None,
    robust: Annotated[
        Robust | None,
        typer.Option("--robust", help="Errors robust against likeness within a centre or patient."),
    ] = None,
    penalty: Annotated[
        Penalty | None,
        typer.Option(
            "--penalty",
            help="Firth's penalty with limits by the profile likelihood; auto takes it where "
            "events are few or separated. Without the option: auto beside --entry week14, "
            "--landmark or --time-dependent, else none.",
        ),
    ] = None,
    as_published: AsPublishedOption = False,
    residuals: Annotated[
        Path | None,
        option(
            "--residuals",
            "FILE",
            "Write martingale and dfbeta residuals, a row per patient, as .csv or .json.",
        ),
    ] = None,
) -> Any:
    """Cox proportional hazards: the model of the definition without options, sound with them.

    The definition prespecifies the covariates (`covariates`); what of them is acquired after the
    start is read day by day. The paper's has none and chooses by P, as published.

    With --figure STEM a forest plot is drawn, and Schoenfeld's residuals as STEM-hazards.

    Example: registry analyse cox --entry week14 --time-dependent im_over_6_months
    """
    _require_ending(residuals)
    by_level, late_entry = tuple(listed(strata) or ()), entry is Entry.WEEK14
    prespecified = () if as_published else data.basis.covariates
    named = listed(covariates) or prespecified
    patients = (
        data.patients_with(
            (*named, *by_level), entry=late_entry, loading="registry.analysis.cox.fit"
        )
        if named
        else data.patients
    )
    from registry.analysis.cox.design import Design
    from registry.analysis.cox.fit import cox_regression

    design = Design(
        time_dependent=tuple(listed(time_dependent) or ()),
        landmark_months=landmark,
        late_entry=late_entry,
        strata=by_level,
        robust=None if robust is None else robust.value,
        penalty=None if penalty is None else penalty.value,
        as_published=as_published,
    )
    choice = chosen(data, covariates, as_published=as_published, patients=patients)
    design = choice.held_in(design)
    result = cox_regression(
        patients,
        data.definition,
        covariates=choice,
        ties=ties.value,
        design=design,
        exposure=data.view("exposure") if design.by_day else None,
        basis=data.basis,
    )
    if residuals is not None:
        _write_residuals(result, residuals)
    return result


def compare_published(
    data: Data,
    covariates: CovariatesOption = None,
    ties: TiesOption = USUAL_TIES,
) -> Any:
    """The published Cox model beside the sound one, and what each difference did.

    Example: registry analyse compare-published --figure out/compared
    """
    from registry.analysis.cox.published import compare_with_published

    return compare_with_published(
        data.patients,
        data.view("exposure"),
        data.definition,
        covariates=listed(covariates),
        ties=ties.value,
        basis=data.basis,
    )


def chosen(
    data: Data,
    covariates: str | None,
    *,
    as_published: bool = False,
    patients: DataFrame | None = None,
) -> Choice:
    """The covariates named, or the definition's, or those with a small P among the patients."""
    from registry.analysis.cox.choice import choose

    return choose(
        data.patients if patients is None else patients,
        data.definition,
        listed(covariates),
        data.basis.covariates,
        as_published=as_published,
        limits=data.basis.limits,
    )


def listed(written: str | None) -> list[str] | None:
    """The names of `--covariates A,B,...`; None without the option."""
    return None if written is None else [c.strip() for c in written.split(",") if c.strip()]


def _require_ending(path: Path | None) -> None:
    if path is not None and path.suffix.lower() not in (".csv", ".json"):
        raise WrongUsage(
            tr("Residuals cannot be written as {file}.", file=path),
            cure=tr("End the file's name with .csv or .json"),
        )


def _write_residuals(result: Cox, path: Path) -> None:
    rows = result.residual_rows()

    def write(part: Path) -> None:
        as_json = path.suffix.lower() == ".json"
        with part.open("w", encoding="utf-8" if as_json else "utf-8-sig", newline="") as out:
            if as_json:
                json.dump(rows, out, indent=2)
                out.write("\n")
            else:
                writer = csv.writer(out, lineterminator="\n")
                writer.writerow(rows[0])
                writer.writerows(cells_kept(row.values()) for row in rows)

    write_whole(path, write, make_folder=True)
    remark("Written: {file}", file=path)
