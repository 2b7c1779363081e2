"""The parts of the program that a night calls on, each as its own command has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from registry.words import tr

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from registry.database.archive import Description
    from registry.database.engine import Database
    from registry.schedule.changes import Item
    from registry.schedule.night import Work
    from registry.schedule.plan import Plan


def work_of_night(user: str, identity_url: str | None = None) -> Work:
    """The parts of the program that a night calls on."""
    from registry.derivation.run import derive_each
    from registry.schedule.changes import Derived
    from registry.schedule.night import Work, complaint

    def fed(database: Database, plan: Plan) -> str:
        from registry.cli.feed import KEEP, counted
        from registry.feeds.reading import read_folder
        from registry.schedule.due import duration

        assert plan.feed_dir is not None
        done = read_folder(
            database.engine,
            plan.feed_dir,
            centre=plan.feed_centre,
            identity_url=identity_url,
            user=user,
            keep=duration(KEEP),
        )
        return counted(done)

    def derived(database: Database) -> Derived:
        result, failures = derive_each(database.engine, user=user)
        said = tr(
            "{examined:patient|patients} examined, {number:transition|transitions}",
            examined=result.examined,
            number=len(result.transitions),
        )
        return Derived(said, {name: complaint(error) for name, error in failures.items()})

    def proved(file: Path) -> str:
        from registry.cli.db.proved_backup import tried
        from registry.errors import Refused

        proof = tried(file, user)
        if proof.problems:
            raise Refused(" ".join([f"{file}:", *proof.problems]))
        return proof.in_words

    return Work(
        feed=fed,
        derive=derived,
        quality=_quality,
        worklist=_worklist,
        sends=_sends,
        send=_send,
        seal=_seal,
        back_up=_back_up,
        prove=proved,
    )


def _sends(connection: Connection) -> bool:
    from registry.hub.send import sends_as

    return sends_as(connection) is not None


def _send(connection: Connection) -> str:
    """What `registry hub publish` does, once it has begun."""
    from registry.hub.send import bring

    sent = bring(connection)
    return tr("{number:record|records} changed", number=sent.changed)


def _back_up(database: Database, file: Path) -> Description:
    """What `registry db backup` does."""
    from registry.cli.db.proved_backup import analysed
    from registry.database.backup import back_up

    return back_up(database, file, analyse=analysed)


def _seal(database: Database) -> dict[str, Any] | None:
    """What `registry audit seal` does."""
    from registry.audit.seals import last_seal, make_seal

    with database.engine.begin() as connection:
        seal = make_seal(connection) or last_seal(connection)
    return None if seal is None else {"seal": seal.seal, "head": seal.head, "rows": seal.rows}


def _quality(database: Database, on: date) -> str:
    """What `registry quality run` does, kept as the counts of a day."""
    from registry.quality.run import count_rules, open_queries, store_run

    with database.engine.begin() as connection:
        counts = count_rules(connection)
        asked = open_queries(connection, counts)
        store_run(connection, counts, on)
    return tr(
        "{failed} of {tried:check|checks} failed, {open:query|queries} open",
        open=asked,
        failed=sum(count.failed for count in counts),
        tried=sum(count.tried for count in counts),
    )


def _worklist(database: Database) -> Sequence[Item]:
    """What `registry worklist` lists without options, and kept for who asks on this day."""
    from registry.schedule.changes import Item
    from registry.worklist.kept import keep
    from registry.worklist.read import Filters, read_worklist

    keep(database.engine)
    with database.engine.connect() as connection:
        return [Item(work.kind, work.item) for work in read_worklist(connection, Filters())]
