"""`registry study check`, `answer` and `sent`: what a hospital does with a study."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from registry.cli.analyse.data import Data
from registry.cli.frame.context import opened, over, reading, remark, run_of
from registry.cli.frame.options import ForceOption, ReasonOption, UserOption
from registry.cli.frame.output import Format, FormatOption, print_json, print_rows
from registry.cli.frame.past import read_at
from registry.cli.frame.signatures import argument, flag
from registry.cli.study.asking import KeyOption, PageOption, ToOption
from registry.errors import Refused
from registry.words import tr

if TYPE_CHECKING:
    from registry.database.engine import Database
    from registry.settings import Settings
    from registry.study.envelope import Envelope
    from registry.study.told import Told

EnvelopeArgument = Annotated[Path, argument("FILE", "The envelope that the coordinator sent.")]


@dataclass(frozen=True)
class _Here:
    """The registry that answers, and what it reads: itself, or its past."""

    database: Database
    read: Database
    settings: Settings
    envelope: Envelope
    before: dict[str, Any] | None


@read_at
def check_command(
    context: typer.Context,
    file: EnvelopeArgument,
    page: PageOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show what would be computed and what would leave, to the last number; nothing does.

    A number that no answer of this registry held before is marked as new.

    Example: registry study check early_loss.json
    """
    from registry.study.pages import answer_page, envelope_page, leaves, masked_page, write_page
    from registry.study.parts import parts_of
    from registry.study.store import sent
    from registry.study.told import WITHHELD

    with _answering(context, file, None) as here:
        told = _told(here)
        with here.database.engine.connect() as connection:
            known = {
                pair
                for one in sent(connection)
                if one["definition_hash"] == here.envelope.body["definition"]["hash"]
                for pair in leaves(one["content"]["body"]["numbers"])
            }
    would = tr("this registry")
    if here.envelope.is_masked:
        held = parts_of(told.numbers)
        withheld = {name: one for name, one in told.numbers.items() if WITHHELD in one}
        discloses = masked_page(here.envelope, held, would, withheld)
    else:
        discloses = answer_page(here.envelope, told.numbers, would)
    words = [*envelope_page(here.envelope), *discloses]
    if page is not None:
        write_page(page, words)
    rows = [
        {"number": path, "value": value, "new": (path, value) not in known}
        for path, value in leaves(told.numbers)
    ]
    if form is Format.JSON:
        print_json({"page": words, "numbers": told.numbers, "children": told.children})
        return
    if form is Format.TABLE:
        typer.echo("\n\n".join(words) + "\n")
    print_rows(rows, form, ("number", "value", "new"))
    remark("Nothing has left. To answer: registry study answer {file} --key FILE --to FILE",
            file=file)  # fmt: skip


@read_at
def answer_command(
    context: typer.Context,
    file: EnvelopeArgument,
    key: KeyOption,
    to: ToOption,
    page: PageOption = None,
    force: ForceOption = False,
    reason: ReasonOption = None,
    user: UserOption = None,
) -> None:
    """Answer a round of a study: sums and counts in a signed file, and nothing else.

    What is written is kept, and listed by `registry study sent`. A round is answered once; asked
    again the same file is written again.

    Example: registry study answer early_loss.json --key a.key --to answer_a.json
    """
    from registry.study import store
    from registry.study.answer import made
    from registry.study.keys import private_of, write_json
    from registry.study.pages import write_page
    from registry.whole_file import require_free

    require_free(to, force=force)
    signing = private_of(key)
    with _answering(context, file, user) as here:
        here.envelope.participant(signing.public)
        if here.before is not None:
            answer = here.before
            if answer["body"]["hospital"] != signing.public.to_json():
                raise Refused(
                    tr("This round was answered by another key ({name}).",
                       name=answer["body"]["hospital"]["name"])
                )  # fmt: skip
            remark("This round was answered before; the same file is written again.")
        else:
            if signing.name not in here.envelope.body["taking_part"]:
                raise Refused(tr("This round asks nothing of {name}.", name=signing.name))
            told = _told(here)
            answer = made(here.envelope, told, signing)
            frozen = here.read.frozen
            with here.database.engine.begin() as connection:
                store.keep(
                    connection,
                    here.envelope,
                    answer,
                    told,
                    freeze=None if frozen is None else frozen.name,
                    as_of=None if frozen is None else frozen.as_of,
                    user=here.settings.user,
                    reason=reason,
                )
        write_json(to, answer)
    words = answer["body"]["page"]
    if page is not None:
        write_page(page, words)
    typer.echo("\n\n".join(words))
    remark("Written: {file}", file=to)


def sent_command(
    context: typer.Context,
    numbers: Annotated[bool, flag("--numbers", "Each number that left, not each answer.")] = False,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what has left for studies: to whom, when, made from how many children.

    Example: registry study sent
    """
    from registry.records.registry_setting import disclosure_setting
    from registry.study.pages import numbers_sent
    from registry.study.store import sent

    with reading(context) as connection:
        found = sent(connection)
        setting = disclosure_setting(connection)
    if form is Format.JSON:
        print_json(found)
        return
    if numbers:
        rows = [
            {"study": one["study"], "round": one["round"], "number": path, "value": value}
            for one in found
            for path, value in numbers_sent(one["content"]["body"])
        ]
        print_rows(rows, form, ("study", "round", "number", "value"))
        return
    columns = ("study", "round", "sent_at", "sent_by", "coordinator", "children", "freeze")
    print_rows([{name: one[name] for name in columns} for one in found], form, columns)
    studies = {(one["definition_hash"], one["study_sha256"]) for one in found}
    for definition in dict.fromkeys(one["definition_hash"] for one in found):
        remark(
            "Definition {hash}: {number:study|studies} of at most {most}; of a study at most "
            "{rounds:round|rounds}.",
            hash=definition[:12],
            number=sum(held == definition for held, _ in studies),
            most=setting["studies"],
            rounds=setting["rounds"],
        )


@contextmanager
def _answering(context: typer.Context, file: Path, user: str | None) -> Iterator[_Here]:
    """The registry with nothing waiting, or its past, and an envelope that it may answer."""
    from registry.derivation.status import bring_up_to_date
    from registry.records.registry_setting import disclosure_setting
    from registry.study import store
    from registry.study.envelope import Envelope
    from registry.study.rules import require_rules

    envelope = Envelope.read(file)
    require_rules(envelope.body["rules"], envelope.body["program"])
    settings = run_of(context).settings(user)
    with opened(settings._replace(freeze=None, as_of=None)) as database:
        with database.engine.connect() as connection:
            before = store.already_sent(connection, envelope)
            if before is None:
                store.require_place(connection, envelope, disclosure_setting(connection))
        with over(database, settings) as read:
            if read.frozen is None:
                bring_up_to_date(database.engine, user=settings.user)
            yield _Here(database, read, settings, envelope, before)


def _told(here: _Here) -> Told:
    """What the registry says to the envelope, where it may leave beside what left before."""
    from registry.analysis.basis import basis_of
    from registry.records.registry_setting import disclosure_setting
    from registry.study.former import require_apart
    from registry.study.rules import held_definition
    from registry.study.store import formers
    from registry.study.told import Cohort, tell

    envelope = here.envelope
    with here.database.engine.connect() as connection:
        limit = max(envelope.limit, disclosure_setting(connection)["limit"])
        before = formers(connection)
    with here.read.engine.connect() as connection:
        definition = held_definition(connection, envelope.body["definition"])
        data = Data(lambda: (connection, definition))
        cohort = Cohort(
            definition, data.view, data.patients, basis_of(connection, definition).excluded
        )
        told = tell(
            cohort,
            envelope.question,
            limit,
            first=envelope.asks_everything,
            coefs=envelope.coefficients,
            closing=envelope.closing,
            apart=envelope.is_masked,
        )
    require_apart(told.parts, before, envelope.study_hash, limit)
    return told
