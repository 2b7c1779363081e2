"""Keeps what left for studies, from whom it was made, and lists it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from registry import __version__
from registry.errors import Refused
from registry.records.change import declare_change, summarise_change
from registry.study.envelope import Envelope, digest
from registry.study.former import Former
from registry.study.told import Told
from registry.words import tr

_FORMER = """
select a.study, a.study_sha256, p.part, p.children, a.as_of, a.freeze_name,
    coalesce(held.of, '{}') as of
from reference.study_answer a
cross join lateral (
    select key as part, value::integer as children from jsonb_each_text(a.parts)
) p
left join lateral (
    select jsonb_object_agg(n.study_id, c.fingerprint) as of
    from derived.study_child c join reference.patient_number n using (patient_id)
    where c.answer_sha256 = a.answer_sha256 and c.part = p.part
) held on true
where a.round = 1
order by a.as_of, a.study_sha256, p.part
"""
_SENT = """
select a.study, a.round, c.made_at as sent_at, c.made_by as sent_by, a.coordinator, a.children,
    a.freeze_name as freeze, a.as_of, a.answer_sha256, a.study_sha256, a.definition_hash, a.content
from reference.study_answer a
join audit.reference_change r on r.table_name = 'study_answer'
    and r.key ->> 'answer_sha256' = a.answer_sha256 and r.operation = 'insert'
join reference.change_set c using (change_id)
order by r.audit_id
"""


def sent(connection: Connection) -> list[dict[str, Any]]:
    """Every answer that left, in the order of their making, with the file itself."""
    return [dict(row) for row in connection.execute(text(_SENT)).mappings()]


def formers(connection: Connection) -> list[Former]:
    """From whom each part of every study's first answer was made."""
    return [
        Former(row["study"], row["study_sha256"], row["part"], row["of"], row["children"],
               row["as_of"], row["freeze_name"])
        for row in connection.execute(text(_FORMER)).mappings()
    ]  # fmt: skip


def already_sent(connection: Connection, envelope: Envelope) -> dict[str, Any] | None:
    """The answer to this round that left; Refused where it was to another question."""
    row = (
        connection.execute(
            text(
                "select envelope_sha256, content from reference.study_answer "
                "where study_sha256 = :study and round = :round"
            ),
            {"study": envelope.study_hash, "round": envelope.round},
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return None
    if row["envelope_sha256"] != envelope.hash:
        raise Refused(
            tr(
                "Round {round} of this study was answered already, and it asked something else.",
                round=envelope.round,
            ),
            cure=tr("A round is asked once. What was sent: registry study sent"),
        )
    return dict(row["content"])


def require_place(connection: Connection, envelope: Envelope, settings: Mapping[str, Any]) -> None:
    """Raises Refused where a round or a study more would be one too many, or one too early."""
    if envelope.body["most_rounds"] > settings["rounds"]:
        raise Refused(
            tr(
                "The study asks for up to {most} rounds; this registry answers {limit} of a study.",
                most=envelope.body["most_rounds"],
                limit=settings["rounds"],
            ),
            cure=tr("Who may decide so raises it: registry disclosure --rounds N"),
        )
    if envelope.round > 1:
        before = connection.execute(
            text(
                "select content from reference.study_answer "
                "where study_sha256 = :study order by round desc limit 1"
            ),
            {"study": envelope.study_hash},
        ).scalar_one_or_none()
        if before is None:
            raise Refused(
                tr("The first round of this study was not answered here."),
                cure=tr("Ask the coordinator for its first envelope."),
            )
        first = connection.execute(
            text(
                "select content from reference.study_answer "
                "where study_sha256 = :study and round = 1"
            ),
            {"study": envelope.study_hash},
        ).scalar_one()
        changed = [
            name
            for name, value in first["body"]["envelope"]["body"].items()
            if name in OF_THE_STUDY and envelope.body[name] != value
        ]
        if changed:
            raise Refused(
                tr("What the study asks was changed since its first round: {what}.",
                   what=", ".join(changed)),
            )  # fmt: skip
        _require_masks(Envelope.of_json(before["body"]["envelope"]), envelope)
    others = connection.execute(
        text(
            "select count(distinct study_sha256) from reference.study_answer "
            "where definition_hash = :definition and study_sha256 <> :study"
        ),
        {"definition": envelope.body["definition"]["hash"], "study": envelope.study_hash},
    ).scalar_one()
    if others >= settings["studies"]:
        raise Refused(
            tr(
                "{number:study|studies} over this definition were answered, and this registry "
                "answers no more.",
                number=others,
            ),
            cure=tr("Who may decide so raises it: registry disclosure --studies N"),
        )


def _require_masks(before: Envelope, envelope: Envelope) -> None:
    """Raises Refused where a masked study asks in clear, or sums of others than it asked before."""
    if before.is_masked != envelope.is_masked:
        raise Refused(tr("What the study asks was changed since its first round: masks."))
    if envelope.is_masked and not envelope.asks_everything and before.round > 1:
        for part, who in envelope.groups.items():
            if part in before.groups and before.groups[part] != who:
                raise Refused(
                    tr("The envelope asks for the sums of others than the round before."),
                    cure=tr("Who stays away is left out by asking for everything anew."),
                )


OF_THE_STUDY = (
    *("study", "question", "protocol", "definition", "rules", "analyses", "limit", "most_rounds"),
    *("coordinator", "participants"),
)
"""What stays the same from the first envelope of a study to the last."""


def keep(
    connection: Connection,
    envelope: Envelope,
    answer: Mapping[str, Any],
    told: Told,
    *,
    freeze: str | None,
    as_of: datetime | None,
    user: str,
    reason: str | None,
) -> None:
    """Keeps an answer in the caller's transaction, before the file is written."""
    declare_change(connection, user=user, command="study answer", reason=reason)
    name = digest(answer["body"])
    connection.execute(
        text(
            "insert into reference.study_answer (answer_sha256, study_sha256, round, "
            "envelope_sha256, study, coordinator, definition_hash, children, parts, content, "
            "freeze_name, as_of, program_version) values (:name, :study_hash, :round, :envelope, "
            ":study, :coordinator, :definition, :children, :parts, :content, :freeze, "
            "coalesce(:as_of, now()), :version)"
        ).bindparams(bindparam("content", type_=JSONB), bindparam("parts", type_=JSONB)),
        {
            "name": name,
            "study_hash": envelope.study_hash,
            "round": envelope.round,
            "envelope": envelope.hash,
            "study": envelope.body["study"],
            "coordinator": envelope.coordinator.name,
            "definition": envelope.body["definition"]["hash"],
            "children": told.children,
            "parts": {part: len(of) for part, of in told.parts.items()},
            "content": dict(answer),
            "freeze": freeze,
            "as_of": as_of,
            "version": __version__,
        },
    )
    # What later rounds were made from is what the first was, or they were refused.
    if envelope.round == 1:
        for part, of in told.parts.items():
            connection.execute(
                text(
                    "insert into derived.study_child (patient_id, answer_sha256, part, fingerprint)"
                    " select n.patient_id, :name, :part, f.value from jsonb_each_text(:of) f "
                    "join reference.patient_number n on n.study_id = f.key"
                ).bindparams(bindparam("of", type_=JSONB)),
                {"name": name, "part": part, "of": of},
            )
    summarise_change(connection, f"{envelope.body['study']}, round {envelope.round}")
