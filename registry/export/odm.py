"""Writes an ODM 2.0 file: the dictionary as metadata, the audit as transactions.

Each row of the audit is the data of an item group with who, when and why; whoever plays them back
in their order has the records. What was erased is gone from the audit, and so from here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from sqlalchemy import Column, Table, text

from registry import __version__
from registry.export.leaving import Leaving
from registry.models import ENTITIES, GeneFinding, table_of
from registry.variables import Kind, Variable
from registry.vocabulary import MEANINGS

ODM = "odm.xml"
STUDY, VERSION = "ST.CROHN-REGISTRY", f"MDV.{__version__}"
_NAMESPACE = "http://www.cdisc.org/ns/odm/v2.0"
_EVENT, _PLACE = "SE.COMMON", "LOC.REGISTRY"
_TYPES = {
    Kind.FLAG: "boolean",
    Kind.DATE: "date",
    Kind.PARTIAL_DATE: "date",
    Kind.NUMBER: "decimal",
    Kind.MEASURED: "decimal",
    Kind.INTEGER: "integer",
}
_TRANSACTIONS = {"insert": "Insert", "update": "Update", "delete": "Remove"}
# Columns that number a row and are no item of it.
_NUMBERS = ("patient_id", "record_id", "row_version")
# What no XML may hold.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_AUDIT = """
select patient_id, changed_at, changed_by, reason, audit_id, table_name, record_id, operation,
    new_values
from inspection.record_change
where table_name = any(:tables) and patient_id <> all(:stay)
    and not (table_name = :genes and patient_id = any(:without_genes))
    and (cast(:as_of as timestamptz) is null or changed_at <= :as_of)
order by patient_id, audit_id
"""
_STUDY_IDS = "select study_id from reference.patient_number where patient_id = any(:numbers)"


def item_oid(table: str, column: str) -> str:
    """How an item is called in every file of an export."""
    return f"IT.{table}.{column}"


def write_odm(leaving: Leaving, path: Path, now: str) -> int:
    """Writes the file; the rows of the audit in it."""
    with path.open("wb") as file:
        return _Document(leaving, file).write(now)


class _Document:
    """The file as it is written, element by element."""

    def __init__(self, leaving: Leaving, file: BinaryIO) -> None:
        self._leaving = leaving
        self._xml = XMLGenerator(file, encoding="utf-8", short_empty_elements=True)

    def write(self, now: str) -> int:
        self._xml.startDocument()
        attributes = {
            "xmlns": _NAMESPACE,
            "FileType": "Transactional",
            "Granularity": "All",
            "FileOID": f"{STUDY}.{now}",
            "CreationDateTime": now,
            "ODMVersion": "2.0",
            "SourceSystem": "crohn-registry",
            "SourceSystemVersion": __version__,
        }
        if self._leaving.as_of is not None:
            attributes["AsOfDateTime"] = self._leaving.as_of.isoformat()
        with self._element("ODM", **attributes):
            with (
                self._element("Study", OID=STUDY, StudyName="Crohn registry",
                              ProtocolName="Crohn registry"),
                self._element("MetaDataVersion", OID=VERSION, Name=f"Dictionary of {__version__}"),
            ):  # fmt: skip
                self._dictionary()
            people = self._people()
            self._administration(people, now)
            with self._element("ClinicalData", StudyOID=STUDY, MetaDataVersionOID=VERSION):
                rows = self._audit(people)
        self._xml.endDocument()
        return rows

    def _dictionary(self) -> None:
        tables = [table_of(entity) for entity in ENTITIES]
        with self._element(
            "StudyEventDef", OID=_EVENT, Name="Records", Repeating="No", Type="Common"
        ):
            for table in tables:
                self._empty("ItemGroupRef", ItemGroupOID=f"IG.{table.name}", Mandatory="No")
        lists: dict[str, tuple[str, ...]] = {}
        for entity, table in zip(ENTITIES, tables, strict=True):
            repeating = "Simple" if "record_id" in table.columns else "No"
            with self._element(
                "ItemGroupDef", OID=f"IG.{table.name}", Name=table.name, Repeating=repeating,
                Type="Form",
            ):  # fmt: skip
                self._words("Description", table.comment or table.name)
                for column in _items(table):
                    key = {"KeySequence": str(entity.natural_key.index(column.name) + 1)} if (
                        column.name in entity.natural_key
                    ) else {}  # fmt: skip
                    self._empty(
                        "ItemRef", ItemOID=item_oid(table.name, column.name), **key,
                        Mandatory="No" if column.nullable else "Yes",
                    )  # fmt: skip
        for table in tables:
            for column in _items(table):
                declared: Variable | None = column.info.get("variable")
                kind = "text" if declared is None else _TYPES.get(declared.kind, "text")
                with self._element(
                    "ItemDef", OID=item_oid(table.name, column.name), Name=column.name,
                    DataType=kind,
                ):  # fmt: skip
                    self._words("Description", column.comment or column.name)
                    if declared is not None:
                        self._words("Question", declared.label)
                        if declared.codes is not None:
                            oid = f"CL.{table.name}.{column.name}"
                            lists[oid] = declared.codes
                            self._empty("CodeListRef", CodeListOID=oid)
        for oid, codes in lists.items():
            with self._element("CodeList", OID=oid, Name=oid, DataType="text"):
                for code in codes:
                    with self._element("CodeListItem", CodedValue=code):
                        self._words("Decode", MEANINGS[codes][code])

    def _people(self) -> dict[str, str]:
        found = self._leaving.connection.execute(
            text("select distinct changed_by from inspection.record_change order by 1")
        ).scalars()
        return {name: f"USR.{number}" for number, name in enumerate(found, start=1)}

    def _administration(self, people: dict[str, str], now: str) -> None:
        with self._element("AdminData", StudyOID=STUDY):
            for name, oid in people.items():
                with self._element("User", OID=oid), self._element("UserName"):
                    self._text(name)
            with self._element("Location", OID=_PLACE, Name="The registry"):
                self._empty(
                    "MetaDataVersionRef", StudyOID=STUDY, MetaDataVersionOID=VERSION,
                    EffectiveDate=now[:10],
                )  # fmt: skip

    def _audit(self, people: dict[str, str]) -> int:
        withheld = self._leaving.withheld
        tables = {table_of(entity).name: table_of(entity) for entity in ENTITIES}
        found = self._leaving.connection.execution_options(stream_results=True).execute(
            text(_AUDIT),
            {
                "tables": list(tables),
                "stay": self._study_ids(withheld.all_children),
                "genes": table_of(GeneFinding).name,
                "without_genes": self._study_ids(list(withheld.genes)),
                "as_of": self._leaving.as_of,
            },
        )
        rows = 0
        for child, changes in groupby(found.mappings(), lambda row: row["patient_id"]):
            with (
                self._element("SubjectData", SubjectKey=child),
                self._element("StudyEventData", StudyEventOID=_EVENT),
            ):
                for change in changes:
                    self._change(change, tables[change["table_name"]], people)
                    rows += 1
        return rows

    def _study_ids(self, numbers: list[int]) -> list[str]:
        found = self._leaving.connection.execute(text(_STUDY_IDS), {"numbers": numbers})
        return list(found.scalars())

    def _change(self, change: Any, table: Table, people: dict[str, str]) -> None:
        repeat = change["record_id"]
        with self._element(
            "ItemGroupData",
            ItemGroupOID=f"IG.{table.name}",
            **({} if repeat is None else {"ItemGroupRepeatKey": str(repeat)}),
            TransactionType=_TRANSACTIONS[change["operation"]],
        ):
            new = change["new_values"] or {}
            for column in _items(table):
                value = new.get(column.name)
                # Of what is entered what is there is told, of a change also what was taken out.
                if value is not None or (column.name in new and change["operation"] == "update"):
                    self._item(table.name, column.name, value)
            with self._element("AuditRecord"):
                self._empty("UserRef", UserOID=people[change["changed_by"]])
                self._empty("LocationRef", LocationOID=_PLACE)
                with self._element("DateTimeStamp"):
                    self._text(change["changed_at"].isoformat())
                if change["reason"]:
                    with self._element("ReasonForChange"):
                        self._text(change["reason"])
                with self._element("SourceID"):
                    self._text(f"audit {change['audit_id']}")

    def _item(self, table: str, column: str, value: Any) -> None:
        oid = item_oid(table, column)
        if value is None:
            self._empty("ItemData", ItemOID=oid, IsNull="Yes")
            return
        with self._element("ItemData", ItemOID=oid), self._element("Value"):
            self._text(str(value).lower() if isinstance(value, bool) else str(value))

    def _words(self, name: str, words: str) -> None:
        with (
            self._element(name),
            self._element("TranslatedText", **{"xml:lang": "en", "Type": "text/plain"}),
        ):
            self._text(words)

    @contextmanager
    def _element(self, name: str, **attributes: str) -> Iterator[None]:
        self._xml.startElement(
            name, AttributesImpl({key: _clean(value) for key, value in attributes.items()})
        )
        yield
        self._xml.endElement(name)

    def _empty(self, name: str, **attributes: str) -> None:
        with self._element(name, **attributes):
            pass

    def _text(self, words: str) -> None:
        self._xml.characters(_clean(words))


def _items(table: Table) -> list[Column[Any]]:
    return [column for column in table.columns if column.name not in _NUMBERS]


def _clean(words: str) -> str:
    """What XML can hold: another character stands for one that it cannot."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", words)
