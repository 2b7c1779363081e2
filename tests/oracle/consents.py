"""Whether research may use a child's data on a day: read from what the columns of a consent mean.

A consent counts from the day it is signed until its last day or the day before it is withdrawn.
From that day on nothing is used, whoever withdrew it, until a consent of the same scope is signed
on a later day. Who withdrew from the registry altogether is out of research too. Without a
withdrawal data are used, unless the definition requires a consent to research that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from .records import Row


def counts(row: Row, on: date) -> bool:
    """Whether a consent holds on a day."""
    if row["signed_on"] > on:
        return False
    if row["valid_until"] is not None and row["valid_until"] < on:
        return False
    return row["withdrawn_on"] is None or row["withdrawn_on"] > on


def withdrawn_since(consents: Iterable[Row], scope: str, on: date) -> date | None:
    """The day from which a scope is withdrawn as of a day, unless it was given anew since."""
    known = [row for row in consents if row["scope"] == scope and row["signed_on"] <= on]
    days = [
        row["withdrawn_on"]
        for row in known
        if row["withdrawn_on"] is not None and row["withdrawn_on"] <= on
    ]
    if not days:
        return None
    last = max(days)
    return None if any(counts(row, on) and row["signed_on"] > last for row in known) else last


def may_be_used(consents: list[Row], *, consent_required: bool, on: date) -> bool:
    """Whether research may use the data of a child with these consents."""
    if any(withdrawn_since(consents, scope, on) for scope in ("research", "registry")):
        return False
    if not consent_required:
        return True
    return any(row["scope"] == "research" and counts(row, on) for row in consents)


def due(
    consents: Sequence[Row],
    born: date,
    of_age_from: int,
    forms: dict[str, tuple[str, date]],
    *,
    on: date,
) -> list[tuple[str, str | None, date | None]]:
    """What is to be asked for anew: its rule, what about, and the day of the consent.

    `consents` in the order in which they were entered; `forms` in use, with their first day.
    """
    last: dict[str, Row] = {}
    for one in consents:
        if one["scope"] not in last or one["signed_on"] >= last[one["scope"]]["signed_on"]:
            last[one["scope"]] = one
    standing = [
        one for one in last.values() if one["withdrawn_on"] is None or one["withdrawn_on"] > on
    ]
    asked: list[tuple[str, str | None, date | None]] = []
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    signed_themselves = any(one["given_by"] == "adult" for one in consents)
    if standing and years >= of_age_from and not signed_themselves:
        asked.append(("consent_of_age", None, None))
    for one in standing:
        scope, signed, version = one["scope"], one["signed_on"], one["form_version"]
        if scope in forms and version is not None:
            newest, since = forms[scope]
            if version != newest and signed < since:
                asked.append(("consent_form_replaced", f"{scope} {newest}", signed))
        if one["valid_until"] is not None and one["valid_until"] < on:
            asked.append(("consent_ended", scope, signed))
    return asked
