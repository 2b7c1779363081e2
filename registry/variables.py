"""What the registry knows of one variable, declared once where its column is mapped.

From a `Variable` come the CHECK constraint, the import's validation, the column comment, the
codebook and the label in a table or plot. No limit is written a second time.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from registry.words import in_english, spoken, tr

DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12
"""30.4375, exact in binary, so months convert without rounding."""

# What a partial date is known to -> how many letters of an ISO date say it.
KNOWN_LETTERS = {"year": 4, "month": 7, "day": 10}

# The least and the most of a number that holds for the whole registry, by its column of
# `registry_setting`.
SETTINGS = {
    "smallest_group": (2, 1000),
    "study_rounds": (1, 100),
    "studies_of_definition": (1, 1000),
    "wrong_passwords": (1, 100),
    "password_wait_minutes": (1, 1440),
}


def as_known(day: object, known_to: str | None) -> str:
    """A date as far as it is known: 2015, 2015-03 or 2015-03-09."""
    return str(day)[: KNOWN_LETTERS.get(known_to or "day")]


class Kind(StrEnum):
    """How a value is written in a file and stored in a column."""

    TEXT = "text"
    CODE = "code"
    FLAG = "flag"
    DATE = "date"
    PARTIAL_DATE = "partial_date"
    NUMBER = "number"
    INTEGER = "integer"
    MEASURED = "measured"
    REASON = "reason"


class Redaction(StrEnum):
    """What a value could give away of a child, and so what has to be done before it is shown.

    An identifier names the child; a date places him in time, and the birth more than any; a
    quasi-identifier finds him together with others of its kind; free text may hold anything; a
    clinical value tells of the disease.
    """

    IDENTIFIER = "identifier"
    DATE = "date"
    BIRTH = "birth"
    QUASI_IDENTIFIER = "quasi_identifier"
    FREE_TEXT = "free_text"
    CLINICAL = "clinical"


class Variable(NamedTuple):
    """Label, unit and limits of one variable.

    `minimum` and `maximum` are inclusive unless `above_minimum`; `step` is the grid a number lies
    on; `codes` lists the allowed codes, in order; `pattern` is an anchored regular expression that
    both Python and PostgreSQL read alike. `levels` say what the numbers of the grid mean, from the
    minimum on. `empty_tells` marks a variable whose empty cell says something, as that a drug is
    still taken, so that nothing is missing there. A text that is `verbatim` is taken letter by
    letter: full-width ones are others. A partial date that `may_be_unknown` has the value `unknown`
    too: on a day that nobody knows. A date that `may_be_future` is of a day that is agreed on. Of
    codes there may be `several`, with commas between. `redaction` is declared of every text, and of
    whatever else is not what `redacted_as` takes it for by its kind.
    """

    label: str
    kind: Kind
    required: bool = False
    unit: str | None = None
    codes: tuple[str, ...] | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    above_minimum: bool = False
    step: Decimal | None = None
    pattern: str | None = None
    meaning: str = ""
    levels: tuple[str, ...] = ()
    empty_tells: bool = False
    verbatim: bool = False
    may_be_unknown: bool = False
    may_be_future: bool = False
    several: bool = False
    redaction: Redaction | None = None

    @property
    def redacted_as(self) -> Redaction:
        """What it could give away: as declared, or else a date or a clinical value by its kind.

        Raises ValueError for a text of which nobody has said it.
        """
        if self.redaction is not None:
            return self.redaction
        if self.kind is Kind.TEXT:
            raise ValueError(f"{self.label}: what does this text give away?")
        if self.kind in (Kind.DATE, Kind.PARTIAL_DATE):
            return Redaction.DATE
        return Redaction.CLINICAL

    @property
    def is_free_text(self) -> bool:
        """Whether any text may stand there."""
        return self.kind is Kind.TEXT and self.pattern is None

    @property
    def is_past(self) -> bool:
        """Whether it is a date that may not lie in the future."""
        return self.kind in (Kind.DATE, Kind.PARTIAL_DATE) and not self.may_be_future

    def comment(self) -> str:
        """Label, unit, limits and meaning in one line, for a reader of the database; in English."""
        with in_english():
            return self.described()

    def described(self) -> str:
        """The same in the person's language."""
        parts = [spoken(self.label) + (f" ({spoken(self.unit)})" if self.unit else "")]
        parts += filter(None, (self.limits(), spoken(self.meaning)))
        parts += [f"{number:f} = {spoken(level)}" for number, level in self.meanings().items()]
        return "; ".join(parts)

    def grid(self) -> tuple[Decimal, ...]:
        """Every number that is allowed; none where the variable has no grid with two ends."""
        if self.minimum is None or self.maximum is None or self.step is None:
            return ()
        steps = int((self.maximum - self.minimum) / self.step)
        return tuple(self.minimum + place * self.step for place in range(steps + 1))

    def meanings(self) -> dict[Decimal, str]:
        """What each number of the grid means, where that is declared."""
        return dict(zip(self.grid(), self.levels, strict=False))

    def limits(self) -> str:
        """The allowed values in words, empty where anything of the kind is allowed."""
        if self.codes is not None:
            codes = ", ".join(self.codes)
            if self.several:
                return tr("one or more of {codes}, with commas between", codes=codes)
            return tr("one of {codes}", codes=codes)
        if self.kind is Kind.FLAG:
            return tr("yes or no")
        if self.minimum is None and self.maximum is None:
            return ""
        low = tr("above {n}", n=self.minimum) if self.above_minimum else self.minimum
        if self.maximum is None:
            words = str(low) if self.above_minimum else tr("{low} or more", low=low)
        elif self.minimum is None:
            words = tr("at most {number}", number=self.maximum)
        else:
            words = tr("{low} to {high}", low=low, high=self.maximum)
        return tr("{range} in steps of {step}", range=words, step=self.step) if self.step else words

    def limits_with_unit(self) -> str:
        """The same with the unit behind them."""
        words = self.limits()
        return f"{words} {spoken(self.unit)}" if words and self.unit else words

    def check(self, column: str) -> str | None:
        """The limits as a boolean SQL expression over `column`; None where there are none.

        NULL passes, as in every CHECK: whether a value may be missing is the column's own matter.
        """
        clauses = []
        if self.codes is not None:
            listed = ", ".join(f"'{code}'" for code in self.codes)
            if self.several:
                # An empty text is no list.
                clauses.append(f"{column} <> ''")
                clauses.append(f"string_to_array({column}, ',') <@ array[{listed}]")
            else:
                clauses.append(f"{column} in ({listed})")
        if self.minimum is not None:
            clauses.append(f"{column} {'>' if self.above_minimum else '>='} {self.minimum}")
        if self.maximum is not None:
            clauses.append(f"{column} <= {self.maximum}")
        elif self.minimum is not None:
            # Without an upper limit neither infinity nor NaN would be refused.
            clauses.append(f"{column} < 'Infinity'")
        if self.step is not None:
            clauses.append(f"mod({column}, {self.step}) = 0")
        if self.pattern is not None:
            clauses.append(f"{column} ~ '{self.pattern}'")
        if self.is_past:
            clauses.append(f"{column} <= current_date")
        if self.kind is Kind.TEXT and self.pattern is None:
            clauses.append(f"btrim({column}) <> ''")
        return " and ".join(clauses) or None
