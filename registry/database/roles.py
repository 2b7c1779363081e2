"""The group roles by which a server lets people in, and what each may do, declared once.

`database/rights` makes them and gives them this at every upgrade, `database/login` says whose
rights a command has. A right on a schema is one on all its tables and views; one on a table stands
instead of it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sqlalchemy import Connection, text

from registry.words import tr

READ, ADD, WRITE = "select", "select, insert", "select, insert, update, delete"
LOCKING = "select, update"
OWNER_ROLE = "registry_owner"
MANAGER_ROLE = "registry_manager"
ENTRY_ROLE = "registry_entry"
IDENTITY_ROLE = "registry_identity"
DERIVATION_ROLE = "registry_derivation"
ANALYST_ROLE = "registry_analyst"
INSPECTOR_ROLE = "registry_inspector"
# Whether this login may become the role `oid` of pg_roles. From PostgreSQL 16 on who makes a role
# is a member of it and still may not become it.
MAY_BECOME = (
    "pg_has_role(current_user, oid, case when current_setting('server_version_num')::integer "
    "< 160000 then 'member' else 'set' end)"
)


class Role(NamedTuple):
    """A group role and what it is for."""

    name: str
    purpose: str


ROLES = (
    Role(OWNER_ROLE, "Owns the database: upgrades, backups, freezes, releases, erasure, roles."),
    Role(MANAGER_ROLE, "A data manager: reads and writes the records of every centre."),
    Role(ENTRY_ROLE, "Who enters at a centre: reads and writes the records of its children."),
    Role(IDENTITY_ROLE, "Who knows the children by name: the functions of the identities."),
    Role(DERIVATION_ROLE, "The night: reads the records, writes what is derived of them."),
    Role(ANALYST_ROLE, "An analyst: reads the views of analysts and nothing else."),
    Role(INSPECTOR_ROLE, "An inspector: reads the audit, what plausibility found, consents."),
)
BY_NAME = {role.name: role for role in ROLES}

_ALL_READ = dict.fromkeys((MANAGER_ROLE, ENTRY_ROLE, DERIVATION_ROLE, INSPECTOR_ROLE), READ)
_PARAMETER = _ALL_READ | {MANAGER_ROLE: WRITE}
_OF_CHILDREN = _ALL_READ | {MANAGER_ROLE: ADD, ENTRY_ROLE: ADD}
_TOLD = {MANAGER_ROLE: READ, DERIVATION_ROLE: READ, INSPECTOR_ROLE: READ}
_DERIVED = {MANAGER_ROLE: WRITE, DERIVATION_ROLE: WRITE, ENTRY_ROLE: READ}
_WRITERS = (MANAGER_ROLE, ENTRY_ROLE, DERIVATION_ROLE)
_OF_RUNS = {MANAGER_ROLE: WRITE, DERIVATION_ROLE: WRITE}
_VIEWS = {MANAGER_ROLE: READ, DERIVATION_ROLE: READ}
_FRAME = dict.fromkeys(
    (MANAGER_ROLE, ENTRY_ROLE, IDENTITY_ROLE, DERIVATION_ROLE, INSPECTOR_ROLE), READ
)

# Schema or table -> what each role may do with it; nothing is said of what is the owner's alone,
# but by an empty line for what lies in a schema that others have.
RIGHTS: dict[str, dict[str, str]] = {
    "clinical": {MANAGER_ROLE: WRITE, ENTRY_ROLE: WRITE, DERIVATION_ROLE: READ},
    "clinical.consent": {
        MANAGER_ROLE: WRITE,
        ENTRY_ROLE: WRITE,
        DERIVATION_ROLE: READ,
        INSPECTOR_ROLE: READ,
    },
    "clinical.patient": {
        MANAGER_ROLE: WRITE,
        ENTRY_ROLE: WRITE,
        DERIVATION_ROLE: READ,
        IDENTITY_ROLE: "select (patient_id, centre, sex, birth_date)",
        # That there is the child, and nothing of it.
        INSPECTOR_ROLE: "select (patient_id)",
    },
    **{
        f"reference.{name}": _PARAMETER
        for name in (
            *("analyte_unit", "assay", "consent_form", "drug", "entry_limit"),
            *("gene", "growth_reference", "lab_code", "score_band", "tdm_threshold"),
            *("worklist_rule", "worklist_setting"),
        )
    },
    "reference.centre": _PARAMETER | {IDENTITY_ROLE: "select (code, study_id_pattern)"},
    "reference.definition": _PARAMETER | {DERIVATION_ROLE: "select, update"},
    # What leaves the centre is for the owner to decide.
    "reference.registry_setting": _FRAME | {MANAGER_ROLE: "select, update (default_definition)"},
    "reference.patient_number": _OF_CHILDREN
    | {
        MANAGER_ROLE: "select, insert, update",
        IDENTITY_ROLE: "select (study_id, patient_id, merged_into)",
    },
    **{f"reference.{name}": _OF_CHILDREN for name in ("query_step", "worklist_dismissal")},
    "reference.signature": _ALL_READ,
    "reference.record_lock": _ALL_READ | {MANAGER_ROLE: WRITE},
    "reference.freeze_lock": _TOLD | {MANAGER_ROLE: WRITE},
    **{
        f"reference.{name}": _TOLD
        for name in ("change_set", "data_freeze", "data_release", "login_role")
    },
    "reference.study_answer": _TOLD | {MANAGER_ROLE: ADD},
    "derived.study_child": {MANAGER_ROLE: ADD},
    "derived.feed_result": {MANAGER_ROLE: WRITE},
    # Passwords are asked, and signatures made, by functions.
    "reference.signing_password": {},
    "reference.wrong_password": {},
    **{
        f"derived.{name}": _DERIVED
        for name in ("changed_patient", "derivation_run", "lor_status", "status_transition")
    },
    # What the night has kept nobody else changes.
    **{
        f"derived.{name}": _DERIVED | {MANAGER_ROLE: READ}
        for name in ("kept_work", "kept_worklist")
    },
    "derived.quality_run": _OF_RUNS | {INSPECTOR_ROLE: READ},
    "derived.scheduled_run": _OF_RUNS,
    **{
        f"derived.{name}": {MANAGER_ROLE: READ}
        for name in ("release_child", "release_left_out", "release_erased")
    },
    "derived.hub_record": {DERIVATION_ROLE: WRITE},
    "derived.hub_leaving": {DERIVATION_ROLE: WRITE},
    "derived.hub_child": {},
    "audit.record_change": _ALL_READ,
    "audit.committed_change": _ALL_READ,
    "audit.child_centre": _ALL_READ,
    # That something was changed, and nothing of what it was.
    "audit.reference_change": _TOLD | {ENTRY_ROLE: "select (change_id, table_name)"},
    "audit.erasure": _TOLD | {ENTRY_ROLE: "select (id_hash, id_salt)"},
    "audit.sealed_row": _TOLD,
    "audit.stamp": _TOLD,
    "audit.seal": _TOLD | {MANAGER_ROLE: ADD, DERIVATION_ROLE: ADD},
    # By it what was erased could be tried against the hashes that stay.
    "audit.secret": {},
    "rules": _VIEWS,
    "present": _VIEWS,
    # What plausibility found, and what was asked and answered; no other value of a record.
    **{f"present.{name}": _VIEWS | {INSPECTOR_ROLE: READ} for name in ("finding", "query")},
    "analytics": _VIEWS | {ANALYST_ROLE: READ},
    "analytics_deidentified": {MANAGER_ROLE: READ},
    "inspection": {MANAGER_ROLE: READ, INSPECTOR_ROLE: READ},
    "own_rules": {ENTRY_ROLE: READ},
    "own_present": {ENTRY_ROLE: READ},
    "own_analytics": {ENTRY_ROLE: READ},
    "own_inspection": {ENTRY_ROLE: READ},
    "locking.writing": {MANAGER_ROLE: LOCKING, ENTRY_ROLE: LOCKING, DERIVATION_ROLE: LOCKING},
    "locking.query": {MANAGER_ROLE: LOCKING, ENTRY_ROLE: LOCKING},
    "locking.night": {DERIVATION_ROLE: LOCKING},
    "locking.upgrade": {},
    "locking.freeze": {},
    # Whoever asks them is written down by their functions.
    "identity.access": {},
    "identity.change": {},
    "identity.erasure": {},
    "identity.hospital_number": {},
    "identity.person": {},
    "public.alembic_version": _FRAME,
}
# Numbers that a role takes by itself; those of an identity column come with the row.
SEQUENCES = {"derived.derivation_run_run_id_seq": (MANAGER_ROLE, DERIVATION_ROLE)}
# Schema or function -> who may call it; nobody need be let call what triggers do. What rules are
# made of is called by whoever reads a view.
FUNCTIONS = {
    **dict.fromkeys(("audit.current_change", "audit.summarise_change"), _WRITERS),
    "audit.own_centres": (ENTRY_ROLE,),
    "audit.id_hash": (MANAGER_ROLE, ENTRY_ROLE, INSPECTOR_ROLE),
    **dict.fromkeys(("audit.commit_at", "audit.picked"), (MANAGER_ROLE, ENTRY_ROLE)),
    "audit.names_one": (MANAGER_ROLE,),
    "audit.is_all_seen": (MANAGER_ROLE, ENTRY_ROLE),
    # Who signs has no right on passwords and signatures, which these ask and make.
    **dict.fromkeys(
        (
            *("audit.working_as", "reference.sign", "reference.signing_salt"),
            *("reference.signing_password_is", "reference.set_signing_password"),
            *("reference.password_wait", "reference.count_wrong_password"),
        ),
        (MANAGER_ROLE, ENTRY_ROLE),
    ),
    "rules": (MANAGER_ROLE, DERIVATION_ROLE, ANALYST_ROLE, INSPECTOR_ROLE),
    "own_rules": (ENTRY_ROLE,),
    "identity": (IDENTITY_ROLE,),
}


def rights_on(name: str) -> dict[str, str]:
    """Role -> what it may do with a table or view."""
    return RIGHTS.get(name, RIGHTS.get(name.partition(".")[0], {}))


def may_call(name: str) -> tuple[str, ...]:
    """The roles that may call a function."""
    return FUNCTIONS.get(name, FUNCTIONS.get(name.partition(".")[0], ()))


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(words: str) -> str:
    """A text as SQL has it."""
    return "'" + words.replace("'", "''") + "'"


def role_can_be_taken(connection: Connection, name: str) -> bool:
    """Whether the role is there and this login may become it."""
    return bool(
        connection.execute(
            text(f"select exists (select from pg_roles where rolname = :role and {MAY_BECOME})"),
            {"role": name},
        ).scalar_one()
    )


def needs(names: list[str]) -> str:
    """What is to be done where a login lacks a right that these roles have."""
    return tr(
        "Roles that may: {roles}. Who owns the registry gives one: registry role grant LOGIN ROLE",
        roles=", ".join(names),
    )


_DENIED = r"permission denied for (schema|table|view|relation|sequence|function|database) (\S+)"


def needed(reason: str, statement: str) -> tuple[str, list[str]]:
    """What a login was refused, and the roles that have every right that the statement asks for.

    Found by the server's sentence and the statement that it refused.
    """
    found = re.search(_DENIED, reason)
    if found is None:
        return "", [OWNER_ROLE]
    what = f"{found[1]} {found[2].replace(chr(34), '')}"
    verb = re.match(r"\s*(insert into|update|delete from|lock table)\s+([\w.]+)", statement, re.I)
    target, wanted = (verb[2], _RIGHT_OF[verb[1].lower()]) if verb else ("", READ)
    having = {role.name for role in ROLES} - {OWNER_ROLE}
    named = {one for one in _NAMED.findall(statement) if _BARE.sub(r"\1", one[0]) in _SCHEMAS}
    for schema, name, called in named:
        bare = _BARE.sub(r"\1", schema)
        # The columns of an insertion stand in brackets too.
        if called and f"{schema}.{name}" != target:
            having &= set(may_call(f"{bare}.{name}"))
        elif f"{bare}.{name}" in RIGHTS or bare in RIGHTS:
            right = wanted if f"{schema}.{name}" == target else READ
            given = rights_on(f"{bare}.{name}")
            having &= {role for role, has in given.items() if _allows(has, right, statement)}
            # Their own views stand for those of all.
            having |= {ENTRY_ROLE} if schema.startswith("own_") else set()
    if not named or found[1] == "database":
        having = set()
    return what, [*(role.name for role in ROLES if role.name in having), OWNER_ROLE]


def _allows(has: str, right: str, statement: str) -> bool:
    """Whether what a role has is the right, also where it is one on some columns only."""
    given = dict(_GIVEN.findall(has))
    set_column = _SET.search(statement) if right == "update" else None
    if right not in given or not given[right]:
        return right in given
    return set_column is not None and set_column[1] in given[right]


_GIVEN = re.compile(r"(\w+)(?: (\([^)]*\)))?(?:, |$)")
_SET = re.compile(r"\bset\s+(\w+)", re.I)
_RIGHT_OF = {
    "insert into": "insert",
    "update": "update",
    "delete from": "delete",
    "lock table": "update",
}
_BARE = re.compile(r"^own_(\w+)$")
_NAMED = re.compile(r"\b(\w+)\.(\w+)(\s*\()?")
_SCHEMAS = {target.partition(".")[0] for target in RIGHTS}
