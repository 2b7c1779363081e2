"""The items of TRIPOD+AI for a prediction model that is made and validated in the same patients.

TRIPOD+AI: Collins et al., BMJ 2024;385:e078378. Numbers and topics are the checklist's, the words
are ours; what the report knows is filled in from the document of `registry analyse risk`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from registry.drawing.numbers import fixed, limits
from registry.drawing.table import Document, Table
from registry.report.strobe import Item, rows
from registry.words import spoken, tr


def items(document: Document) -> tuple[Item, ...]:
    """The checklist in its order; `left` is what the numbers say, or what is still to write."""
    authors = tr("to be written by the authors")
    validation = document["validation"]
    left_out = (document["left_before_landmark"], document["dropped"])
    names = ", ".join(spoken(one["label"]) for one in document["terms"])
    none = tr("none: one model of one cohort")
    return (
        Item("1", tr("Title"), left=authors),
        Item("2", tr("Abstract"), left=authors),
        Item("3a-3c", tr("Context, intended use, known inequalities"), left=authors),
        Item("4", tr("Objectives"), left=tr("a model made and validated within; aims: authors")),
        Item("5a", tr("Sources of data"), ("methods",), tr("this registry; why it suits: authors")),
        Item("5b", tr("Dates"), ("methods", "patients")),
        Item("6a", tr("Setting and centres"), left=authors),
        Item("6b", tr("Eligibility"), ("methods", "patients")),
        Item("6c", tr("Treatments received"), ("methods",), tr("infliximab; others: authors")),
        Item("7", tr("Preparation of the data"), ("methods", "quality")),
        Item("8a", tr("Outcome and horizon"), ("methods",), _horizons(document)),
        Item("8b-8c", tr("Who assessed the outcome, and blinding"), left=authors),
        Item("9a", tr("Choice of predictors"), ("risk",), names),
        Item("9b-9c", tr("Predictors, how and by whom measured"), left=authors),
        Item("10", tr("Sample size"), ("risk",), _per_covariate(document)),
        Item(
            "11",
            tr("Missing data"),
            ("quality", "risk"),
            tr("complete covariates; {number:patient|patients} left out", number=left_out[1]),
        ),
        Item("12a", tr("How the data were used"), ("risk",), tr("all to make and to validate")),
        Item("12b", tr("Form of the predictors"), ("risk",), tr("linear; the trough by its log")),
        Item(
            "12c",
            tr("Type of model, fitting, internal validation"),
            ("risk",),
            tr(
                "Cox models of both causes; {fitted:bootstrap sample|bootstrap samples}",
                fitted=validation["fitted"],
            ),
        ),
        Item("12d", tr("Differences between centres"), left=tr("not looked at")),
        Item("12e", tr("Measures of performance"), ("risk",)),
        Item("12f", tr("Updating of the model"), left=none),
        Item("12g", tr("How predictions are calculated"), ("risk",)),
        Item("13", tr("Class imbalance"), left=tr("nothing was done, so risks stay as they are")),
        Item("14", tr("Fairness"), left=authors),
        Item("15", tr("Output of the model"), ("risk",), tr("a probability; no cut-off")),
        Item("16", tr("Patients of development and evaluation"), left=tr("the same")),
        Item("17", tr("Ethics"), left=authors),
        Item("18a-18d", tr("Funding, interests, protocol, registration"), left=authors),
        Item("18e-18f", tr("Data and code"), ("definition",), tr("access to data: authors")),
        Item("19", tr("Patients and the public"), left=authors),
        Item(
            "20a",
            tr("Flow of participants"),
            ("patients", "risk"),
            tr(
                "{left} left before the prediction, {dropped} without a covariate",
                left=left_out[0],
                dropped=left_out[1],
            ),
        ),
        Item("20b", tr("Characteristics"), ("baseline",)),
        Item("20c", tr("Comparison with other patients"), left=none),
        Item("21", tr("Participants and events"), ("risk",), _numbers(document)),
        Item("22", tr("The whole model"), ("risk",), tr("coefficients; baselines by the program")),
        Item("23a", tr("Performance with limits"), ("risk",), _performance(document)),
        Item("23b", tr("Performance by centre"), left=tr("not looked at")),
        Item("24", tr("Results of updating"), left=none),
        Item("25", tr("Interpretation"), left=authors),
        Item("26", tr("Limitations"), ("risk",), tr("in part in the notes; the rest: authors")),
        Item("27a-27c", tr("Use in practice and next steps"), left=authors),
    )


def _horizons(document: Document) -> str:
    months = ", ".join(f"{one['at_months']:g}" for one in document["cohort"])
    return tr("loss of response within {months} months of week 14", months=months)


def _per_covariate(document: Document) -> str:
    return tr(
        "{ratio:.1f} losses per covariate; how it was arrived at: authors",
        ratio=document["events_per_covariate"],
    )


def _numbers(document: Document) -> str:
    return tr(
        "{n:patient|patients}, {events:loss|losses}, {ruled_out} ruled out",
        n=document["n"],
        events=document["events"],
        ruled_out=document["ruled_out"],
    )


def _performance(document: Document) -> str:
    """AUC and Brier score at the last time at which they are measured."""
    by_time = document["validation"]["by_time"]
    found = [one for one in by_time if one["auc"]["corrected"] is not None]
    if not found:
        return tr("too few losses for measures by time")
    last = found[-1]
    area, score = last["auc"], last["brier"]
    return tr(
        "at {months:g} months AUC {auc} ({auc_limits}), Brier score {brier} ({brier_limits})",
        months=last["at_months"],
        auc=fixed(area["corrected"], 2),
        auc_limits=limits(area["lower"], area["upper"], 2),
        brier=fixed(score["corrected"], 3),
        brier_limits=limits(score["lower"], score["upper"], 3),
    )


def laid_out(document: Document, headings: Mapping[str, str], there: Collection[str]) -> Table:
    """The checklist as a table, of the sections that the report has."""
    return Table(
        title=tr("Items of TRIPOD+AI for prediction models, and what this report says to them"),
        header=(tr("Item"), tr("Asks for"), tr("Covered in"), tr("Answer, or still to write")),
        rows=rows(items(document), headings, there),
        left=4,
        notes=(tr("TRIPOD+AI: Collins et al., BMJ 2024;385:e078378."),),
    )
