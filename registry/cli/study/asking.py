"""`registry study key`, `new`, `combine` and `show`: what a coordinator does with files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.cli.analyse.cox import Ties, TiesOption, listed
from registry.cli.analyse.curves import AT_CURVE, Entry, EntryOption, months
from registry.cli.frame.completion import complete_covariates
from registry.cli.frame.context import reading, remark
from registry.cli.frame.options import DefinitionOption, ForceOption
from registry.cli.frame.output import Format, FormatOption, print_json
from registry.cli.frame.signatures import argument, flag, option, setting
from registry.errors import WrongUsage
from registry.words import tr


class StudyPenalty(StrEnum):
    """Whether Firth's penalty is used."""

    NONE = "none"
    FIRTH = "firth"


class StudyLimits(StrEnum):
    """By what limits and P are."""

    WALD = "wald"
    PROFILE = "profile"


KeyOption = Annotated[Path, option("--key", "FILE", "Your private key, which stays with you.")]
PageOption = Annotated[
    Path | None, option("--page", "FILE", "Also a page in words, as .html or as text.")
]
ToOption = Annotated[Path, option("--to", "FILE", "The file to write.")]


def key_command(
    name: Annotated[str, argument("NAME", "The hospital, as others know it.")],
    to: ToOption,
) -> None:
    """Make a hospital's pair of keys: FILE, which stays, and FILE.pub, which is sent.

    Example: registry study key "Hospital A" --to a.key
    """
    from registry.study.keys import make_key, public_file

    made = make_key(name, to)
    remark(
        "{file} stays with you alone; send {public} to who coordinates the study.",
        file=to,
        public=public_file(to),
    )
    typer.echo(f"{made.name}  {made.key}")


def new_command(
    context: typer.Context,
    name: Annotated[str, argument("NAME", "What the study is called.")],
    key: KeyOption,
    participants: Annotated[
        str, option("--participants", "A.pub,B.pub,...", "The keys of who may take part.")
    ],
    question: Annotated[str, option("--question", "TEXT", "What is to be found out, and why.")],
    to: Annotated[Path | None, option("--to", "FILE", "The file to write.  [NAME.json]")] = None,
    analysis: Annotated[
        str, option("--analysis", "A,B,...", "Of flow, table1, table2, km, cox.")
    ] = "flow,table1",
    definition: DefinitionOption = None,
    covariates: Annotated[
        str | None,
        option(
            "--covariates",
            "A,B,...",
            "Of the model.  [those that the definition prespecifies]",
            autocompletion=complete_covariates,
        ),
    ] = None,
    time_dependent: Annotated[
        str | None, option("--time-dependent", "A,B,...", "Covariates read day by day.")
    ] = None,
    strata: Annotated[
        str | None, option("--strata", "A,B,...", "Strata beside the hospitals.")
    ] = None,
    ties: TiesOption = Ties.EFRON,
    entry: EntryOption = Entry.START,
    penalty: Annotated[
        StudyPenalty, typer.Option("--penalty", help="Firth's, for few losses.")
    ] = StudyPenalty.NONE,
    limits: Annotated[
        StudyLimits, typer.Option("--limits", help="Of the model; profile takes some more rounds.")
    ] = StudyLimits.WALD,
    at: Annotated[str, option("--at", "MONTHS", "When to read the curve off.")] = AT_CURVE,
    limit: Annotated[
        int | None,
        setting(
            "smallest_group",
            "--limit",
            "The fewest children behind a number.  [the registry's setting]",
        ),
    ] = None,
    rounds: Annotated[
        int | None, setting("study_rounds", "--rounds", "The most.  [the registry's]")
    ] = None,
    masked: Annotated[
        bool, flag("--masked", "Only sums of three hospitals or more can be read.")
    ] = False,
    page: PageOption = None,
    force: ForceOption = False,
) -> None:
    """Write a study as one signed file, to be read and answered by each hospital.

    It holds the question and the protocol in words, the definition whole with its hash, analyses
    and options, who may take part, the limits and the rounds; nothing of a child.

    Example: registry study new early --key c.key --participants a.pub,b.pub --question "Why early?"
    """
    from registry.definitions.store import get_definition
    from registry.records.registry_setting import definition_or_default, disclosure_setting
    from registry.study.keys import private_of, public_of
    from registry.study.making import first_envelope
    from registry.study.question import Model, asked
    from registry.whole_file import require_free

    to = to or Path(f"{name}.json")
    require_free(to, force=force)
    names = listed(analysis) or []
    signing = private_of(key)
    taking_part = [public_of(Path(one)) for one in listed(participants) or []]
    with reading(context) as connection:
        held = get_definition(connection, definition_or_default(connection, definition))
        setting = disclosure_setting(connection)
    model = None
    if "cox" in names:
        daily = tuple(listed(time_dependent) or ())
        chosen = listed(covariates)
        if chosen is None:
            chosen = [one for one in (held["covariates"] or "").split(",") if one]
        model = Model(
            covariates=tuple(chosen),
            time_dependent=daily,
            strata=tuple(listed(strata) or ()),
            ties=ties.value,
            late_entry=entry is Entry.WEEK14,
            firth=penalty is StudyPenalty.FIRTH,
            profile=limits is StudyLimits.PROFILE,
        )
    elif covariates or time_dependent or strata:
        raise WrongUsage(tr("Covariates are of a model."), cure=tr("Add: --analysis cox"))
    envelope = first_envelope(
        name,
        question,
        asked(names, months(at) if "km" in names else (), model),
        definition=held,
        limit=limit or setting["limit"],
        most_rounds=rounds or setting["rounds"],
        key=signing,
        participants=taking_part,
        masked=masked,
    )
    envelope.write(to)
    _tell(envelope, to, page)


def combine_command(
    answers: Annotated[list[Path], argument("ANSWER...", "All answers of all rounds.")],
    key: KeyOption,
    to: ToOption,
    without: Annotated[
        list[str] | None, option("--without", "HOSPITAL", "Leave one out that stays away.")
    ] = None,
    page: PageOption = None,
    force: ForceOption = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """Make the next round's envelope, or the result, from the answers.

    Give the answers of all rounds: nothing of a hospital goes to another before the result.

    Example: registry study combine answers/*.json --key coordinator.key --to next.json
    """
    from registry.study.answer import Answer
    from registry.study.combine import combine
    from registry.study.keys import private_of
    from registry.whole_file import require_free

    require_free(to, force=force)
    made = combine([Answer.read(one) for one in answers], private_of(key), without or [])
    made.write(to)
    if made.envelope is not None:
        _tell(made.envelope, to, page)
        return
    assert made.result is not None
    remark("Written: {file}", file=to)
    _show_result(made.result["body"], form)


def show_command(
    file: Annotated[Path, argument("FILE", "A file of a study.")],
    form: FormatOption = Format.TABLE,
) -> None:
    """Show a file of a study: what it asks, what it discloses, or what was found.

    Example: registry study show result.json
    """
    from registry.study.answer import Answer
    from registry.study.combine import read_result
    from registry.study.envelope import ANSWER, RESULT, Envelope
    from registry.study.keys import read_json
    from registry.study.pages import envelope_page

    kind = read_json(file).get("registry_study")
    if kind == RESULT:
        _show_result(read_result(file), form)
        return
    page: list[str]
    if kind == ANSWER:
        answer = Answer.read(file)
        document, page = answer.body, answer.body["page"]
    else:
        envelope = Envelope.read(file)
        document, page = envelope.body, envelope_page(envelope)
    if form is Format.JSON:
        print_json(document)
    else:
        typer.echo("\n\n".join(page))


def _show_result(body: Any, form: Format) -> None:
    from registry.report.study_tables import study_tables
    from registry.report.text import render

    if form is Format.JSON:
        print_json(body)
    else:
        typer.echo("\n\n".join(map(render, study_tables(body))))


def _tell(envelope: Any, to: Path, page: Path | None) -> None:
    from registry.study.pages import envelope_page, write_page

    words = envelope_page(envelope)
    if page is not None:
        write_page(page, words)
    typer.echo("\n\n".join(words))
    remark("Written: {file}", file=to)
