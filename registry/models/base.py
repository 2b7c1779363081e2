"""What every table shares: names of constraints, the key that begins with the patient."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
)
from sqlalchemy.types import TypeEngine

from registry.clinical_tables import BY_NAME, ClinicalTable
from registry.models.constraints import InOrder, add_checks, add_checks_of_records
from registry.models.missing_reason import missing_reasons
from registry.variables import Kind, Variable

CLINICAL = "clinical"
REFERENCE = "reference"
DERIVED = "derived"
AUDIT = "audit"

NAMES_OF_CONSTRAINTS = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

COLUMN_TYPES: dict[Kind, type[TypeEngine[Any]]] = {
    Kind.TEXT: Text,
    Kind.CODE: Text,
    Kind.FLAG: Boolean,
    Kind.DATE: Date,
    Kind.PARTIAL_DATE: Date,
    Kind.NUMBER: Numeric,
    Kind.INTEGER: Integer,
    Kind.MEASURED: Numeric,
    Kind.REASON: Text,
}


# A column as a class declares it, made with its table.
Declared = partial[Column[Any]]
METADATA = MetaData(naming_convention=NAMES_OF_CONSTRAINTS)


class _TableWhenAsked(type):
    """Makes a class's table when it is first asked for: a command reads few of the fifty."""

    def __getattr__(cls, name: str) -> Any:
        if name != "__table__" or "__tablename__" not in vars(cls):
            raise AttributeError(name)
        made: Any = cls
        made.__table__ = made.build()
        return made.__table__


class Base(metaclass=_TableWhenAsked):
    """Root of the classes that declare a table each: its columns, and what else it is held to.

    `__table_args__` has its constraints, and last its schema and comment.
    """

    __tablename__: ClassVar[str]
    __table_args__: ClassVar[tuple[Any, ...]]
    __table__: ClassVar[Table]

    @classmethod
    def columns(cls) -> dict[str, Declared]:
        """The columns by their names, in the table's order."""
        return {name: one for name, one in vars(cls).items() if isinstance(one, partial)}

    @classmethod
    def build(cls) -> Table:
        """The table, with the constraints that follow from its declarations."""
        columns = {name: declared() for name, declared in cls.columns().items()}
        for name, one in columns.items():
            one.name = one.key = name
            if (declaration := one.info.get("variable")) is not None:
                one.comment = declaration.comment()
        *constraints, options = cls.__table_args__
        table = Table(cls.__tablename__, METADATA, *columns.values(), *constraints, **options)
        add_checks(table)
        return table


def column(kind: Any, *constraints: Any, nullable: bool = False, **options: Any) -> Declared:
    """A column, not null unless said; the class that declares it gives it its name."""
    return partial(Column, kind, *constraints, nullable=nullable, **options)


def variable(declaration: Variable, **column_options: Any) -> Declared:
    """A column that carries its declaration in `column.info["variable"]`."""
    return column(
        COLUMN_TYPES[declaration.kind],
        nullable=not declaration.required,
        info={"variable": declaration},
        **column_options,
    )


def comparator_of(value_column: str) -> Declared:
    """The operator beside a measured value: `<` or `>` when the column holds a limit."""
    return column(
        Text,
        nullable=True,
        comment=f"< or > when {value_column} is a limit of quantification, empty when exact",
        info={"comparator_of": value_column},
    )


def precision_of(date_column: str, *, may_be_unknown: bool = False) -> Declared:
    """How much of a date is known: day, month or year (the date is then the period's first).

    With `may_be_unknown` also unknown: the date is then empty, though there is one.
    """
    unknown = ", or unknown without a date" if may_be_unknown else ""
    return column(
        Text,
        nullable=True,
        comment=f"what is known of {date_column}: day, month or year{unknown}; "
        "the column holds the first day of the period",
        info={"precision_of": date_column, "may_be_unknown": may_be_unknown},
    )


def row_version() -> Declared:
    """The version of a row, which the database counts up with every change."""
    return column(
        Integer,
        CheckConstraint("row_version > 0", name="row_version"),
        server_default="1",
        comment="version of the row; every change makes the next",
    )


class Clinical(Base):
    """What the classes of clinical tables have of the table's declaration.

    `file_name` is the import file's name without its ending; `natural_key` names the columns that
    with the patient identify a record to people; `not_before_birth` the dates held to the birth;
    `in_order` dates that follow each other; `further_constraints` are told of nowhere else.
    """

    declared: ClassVar[ClinicalTable]
    file_name: ClassVar[str]
    natural_key: ClassVar[tuple[str, ...]]
    not_before_birth: ClassVar[tuple[str, ...]]
    in_order: ClassVar[tuple[InOrder, ...]] = ()
    further_constraints: ClassVar[tuple[Any, ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        declared = BY_NAME.get(getattr(cls, "__tablename__", ""))
        if declared is not None:
            cls.declared, cls.file_name = declared, declared.file
            cls.natural_key, cls.not_before_birth = declared.key, declared.dates
        super().__init_subclass__(**options)

    @classmethod
    def build(cls) -> Table:
        """Its natural key, the reasons of what is missing and what dates are held to, too."""
        table = super().build()
        add_checks_of_records(table, cls.natural_key)
        for constraint in (*(one.constraint() for one in cls.in_order), *cls.further_constraints):
            table.append_constraint(constraint)
        return table


class PatientRecord(Clinical):
    """A table with several records a patient; a record keeps its number when its key is mended."""

    indexes: ClassVar[tuple[Index, ...]] = ()

    @classmethod
    def columns(cls) -> dict[str, Declared]:
        """What the class declares, between what every record has."""
        return {
            "patient_id": column(BigInteger, comment="the registry's own number of the patient"),
            "record_id": column(
                BigInteger,
                Identity(always=False),
                comment="the record's own number; stays when a date is corrected",
            ),
            **super().columns(),
            "row_version": row_version(),
            "missing_reasons": missing_reasons(),
        }

    @classmethod
    def build(cls) -> Table:
        """The key that begins with the patient and its indexes, too."""
        cls.__table_args__ = (
            PrimaryKeyConstraint("patient_id", "record_id"),
            ForeignKeyConstraint(["patient_id"], ["clinical.patient.patient_id"]),
            *cls.indexes,
            {"schema": CLINICAL, "comment": (cls.__doc__ or "").splitlines()[0]},
        )
        return super().build()
