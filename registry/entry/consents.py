"""Withdraws consents, and keeps the forms that they are given on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from registry.entry.save import Draft, add, amend
from registry.entry.stored import Stored, find_records
from registry.errors import Refused
from registry.models.consent import Consent
from registry.records.change import declare_change, summarise_change
from registry.records.rows import PATIENT_COLUMN
from registry.words import tr


def withdraw(
    connection: Connection, patient: str, scopes: Sequence[str], day: date, *, given_by: str
) -> list[Stored]:
    """Withdraws the patient's consents of these scopes from a day on; as they then stand.

    Where none of a scope is recorded, a refusal is: a consent signed and withdrawn on that day, by
    `given_by`. What was withdrawn before stays as it was. Raises NotFound for an unknown patient,
    Refused for a day in the future without a consent to withdraw.
    """
    recorded = find_records(connection, Consent, study_id=patient)
    changed = []
    for scope in scopes:
        of_scope = [one for one in recorded if one.values["scope"] == scope]
        open_ones = [
            one
            for one in of_scope
            if one.values["signed_on"] <= day
            and (one.values["withdrawn_on"] is None or one.values["withdrawn_on"] > day)
        ]
        changed += [amend(connection, one, {"withdrawn_on": day.isoformat()}) for one in open_ones]
        if not of_scope:
            if day > date.today():
                raise Refused(
                    tr(
                        "No consent to {scope} is recorded that could end on {day}.",
                        scope=scope,
                        day=day,
                    ),
                    cure=tr("A refusal is of today or earlier."),
                )
            cells = {
                PATIENT_COLUMN: patient,
                "scope": scope,
                "signed_on": day.isoformat(),
                "given_by": given_by,
                "withdrawn_on": day.isoformat(),
            }
            changed += add(connection, [Draft(Consent, cells)])
    return changed


def list_forms(connection: Connection) -> list[dict[str, Any]]:
    """A row per scope and version, the one in use last; with the consents given on each."""
    rows = connection.execute(
        text(
            "select f.*, used_from = max(used_from) filter (where used_from <= rules.today()) "
            "over (partition by scope) as in_use, (select count(*) from clinical.consent c "
            "where c.scope = f.scope and c.form_version = f.version) as consents "
            "from reference.consent_form f order by scope, used_from, version"
        )
    ).mappings()
    return [dict(row) | {"in_use": row["in_use"] is True} for row in rows]


def use_form(
    connection: Connection, scope: str, version: str, used_from: date, *, user: str, reason: str
) -> None:
    """From a day on consents of a scope are given on this version. Raises Refused when known."""
    declare_change(connection, user=user, command="consent use-form", reason=reason)
    try:
        connection.execute(
            text("insert into reference.consent_form values (:scope, :version, :used_from)"),
            {"scope": scope, "version": version.strip(), "used_from": used_from},
        )
    except IntegrityError as error:
        if "pk_consent_form" not in str(error.orig):
            raise Refused(tr("A form needs a version.")) from None
        raise Refused(
            tr("Form {version} of {scope} is known already.", version=version, scope=scope),
            cure=tr("registry consent forms lists them."),
        ) from None
    summarise_change(connection, f"{scope}: form {version} from {used_from}")
