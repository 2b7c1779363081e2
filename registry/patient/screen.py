"""One patient on one screen: the document of a record as lines of text for a terminal.

Every line is at most `width` columns wide. Tables that are longer than a dozen rows show the last
dozen and say how many come before. On a wide terminal the tables stand in two columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import Any

from registry.clinical_tables import CLINICAL_TABLES
from registry.drawing.lines import Glyphs, Line, Span, clean, fit, joined_spans, spelled
from registry.patient.chart import Chart, level_sign
from registry.patient.course import Document, window
from registry.patient.tables import NAMES, paris, tables
from registry.patient.told import points, reason_of, words_of
from registry.terminal_width import columns, padded, wrapped
from registry.views.headers import data_cut_of
from registry.words import spoken, tr

NARROWEST = 60
INDENT = 12
STATE_ROLES = {"loss_of_response": "loss", "sustained_response": "remission"}


def patient_screen(
    document: Document, width: int, glyphs: Glyphs, *, everything: bool = False
) -> list[Line]:
    """The whole screen.

    Args:
        document: `PatientRecord.to_json()`, with `explanation` (`conclusion` and `rules`) beside.
        width: columns of the terminal; narrower than 60 is drawn for 60.
        glyphs: the signs it can show.
        everything: every row of long tables.
    """
    screen = Screen(document, max(width, NARROWEST), glyphs)
    lines = [*screen.lines(), *tables(document, screen.width, glyphs, everything=everything)]
    return [spelled(line, glyphs) for line in lines]


class Screen:
    """Head and course of one document."""

    def __init__(self, document: Document, width: int, glyphs: Glyphs) -> None:
        self._document, self.width, self._glyphs = document, width, glyphs

    def lines(self) -> list[Line]:
        """Head, course and what its signs mean."""
        found = [*self._head(), ()]
        if window(self._document) is None:
            return [*found, (Span(tr("Nothing dated is recorded."), "note"),)]
        found += Chart(self._document, self.width, self._glyphs).lines()
        return found + self._legend()

    # ---- the head

    def _head(self) -> list[Line]:
        document = self._document
        status, held = document["status"], document["definition"]
        who = [
            words_of(document["sex"]),
            document["diagnosis"],
            tr("centre {code}", code=document["centre"]),
        ]
        title = f"{document['patient_id']}{self._glyphs.between}"
        rest = fit(clean(self._between(who)), self.width - columns(title), self._glyphs.ellipsis)
        lines = [joined_spans([Span(title, "title"), Span(rest)])]
        lines += self._fact(tr("Age"), self._ages())
        if document["phenotypes"]:
            latest = document["phenotypes"][-1]
            known = [document["paris_age"] or "", *paris(latest).split()]
            said = " ".join(filter(None, known))
            lines += self._fact(tr("Paris"), f"{said}, {latest['assessed_on']}")
        lines += self._fact(
            tr("Status"),
            document["explanation"]["conclusion"],
            STATE_ROLES.get(status["state"], "excluded"),
        )
        for step in self._deciding_steps():
            words = tr(
                "{rule}: {finding} ({limit})",
                rule=step["rule"],
                finding=step["finding"],
                limit=step["held_to"],
            )
            lines += self._fact("", words, "why")
        lines += self._after_loss()
        words = tr(
            "{name} ({hash}), data cut {cut}",
            name=held["name"],
            hash=held["hash"][:12],
            cut=data_cut_of(held),
        )
        lines += self._fact(tr("Definition"), words)
        return lines + self._unseen()

    def _ages(self) -> str:
        document = self._document
        known = []
        if document["age_at_onset"] is not None:
            known.append(tr("{age} at onset", age=document["age_at_onset"]))
        elif reason := reason_of(document, "onset_on"):
            known.append(tr("onset: {reason}", reason=reason))
        if document["age_at_start"] is not None:
            start_on = document["status"]["start_on"]
            age = document["age_at_start"]
            known.append(tr("{age} at the first infusion on {day}", age=age, day=start_on))
        return self._between([*known, tr("{age} now", age=document["age_now"])])

    def _deciding_steps(self) -> list[Any]:
        """The rules after the last one that is passed: the one that failed, or the outcome."""
        rules = self._document["explanation"]["rules"]
        left = list(dropwhile(lambda step: step["passed"] is True, rules))
        return left if self._document["status"]["eligible"] else left[:1]

    def _after_loss(self) -> list[Line]:
        why, after = self._document["mechanism"], self._document["after_loss"]
        lines: list[Line] = []
        if why is not None:
            words = tr(
                "{mechanism}: trough {trough}, antibodies {antibodies}; advice: {action}",
                mechanism=words_of(why["mechanism"]),
                trough=words_of(why["trough_status"]),
                antibodies=words_of(why["ada_status"] or "absent"),
                action=spoken(why["action"]),
            )
            lines += self._fact(tr("Mechanism"), words)
            if why["caveat"]:
                lines += self._fact("", spoken(why["caveat"]), "note")
        if after is not None:
            known = [words_of(after["outcome"])]
            if after["intensified_on"] is not None:
                known.append(tr("intensified on {day}", day=after["intensified_on"]))
            if after["regained"] is not None:
                said = tr("response regained") if after["regained"] else tr("not regained")
                known.append(said)
            lines += self._fact(tr("After loss"), self._between(known))
        return lines

    def _unseen(self) -> list[Line]:
        later = {
            name: sum(not row["seen"] for row in self._document[name])
            for name in ("pcdai_visits", *NAMES)
        }
        counts = ", ".join(f"{words_of(name)} {count}" for name, count in later.items() if count)
        if not counts:
            return []
        return self._fact(
            "", tr("after the data cut, shown but not judged: {counts}", counts=counts), "unseen"
        )

    def _fact(self, name: str, words: str, role: str = "") -> list[Line]:
        lines = wrapped(clean(words), self.width - INDENT) or [""]
        return [
            joined_spans([Span(padded(name if i == 0 else "", INDENT), "label"), Span(line, role)])
            for i, line in enumerate(lines)
        ]

    def _between(self, pieces: Sequence[str]) -> str:
        return self._glyphs.between.join(pieces)

    # ---- the course

    def _legend(self) -> list[Line]:
        document, glyphs = self._document, self._glyphs
        status = document["status"]
        phases = {row["phase"] for row in document["pcdai_visits"]}
        known = []
        if "baseline" in phases:
            known.append(
                tr(
                    "B baseline: {score} on {day}",
                    score=points(status["baseline_pcdai"]),
                    day=status["baseline_on"],
                )
            )
        if "week14" in phases:
            known.append(
                tr(
                    "W week 14: {score} on {day}",
                    score=points(status["week14_pcdai"]),
                    day=status["week14_on"],
                )
                + (f" ({words_of(status['induction_outcome'])})" if status["eligible"] else "")
            )
        if "loss" in phases:
            known.append(
                tr(
                    "L loss: {score} on {day}",
                    score=points(status["event_pcdai"]),
                    day=status["event_on"],
                )
            )
        if phases & {"induction", "follow_up", "after_loss"}:
            known.append(tr("{sign} visit", sign=glyphs.visit))
        if phases & {None, "before", "after_observation"}:
            known.append(tr("{sign} outside the observation", sign=glyphs.outside))
        if status["end_on"] is not None:
            known.append(
                tr("{sign} end of observation {day}", sign=glyphs.end, day=status["end_on"])
            )
        if any(row["intensified"] for row in document["infusions"]):
            known.append(tr("{sign} intensified", sign=glyphs.intensified))
        if any(level_sign(row) for row in document["tdm_levels"]):
            known.append(tr("- low trough, + at or above its threshold, ? not told by a limit"))
        known += self._letters()
        return [(Span(line, "note"),) for line in self._flowing(known)]

    def _letters(self) -> list[str]:
        return [
            spoken(table.on_course.legend)
            for table in CLINICAL_TABLES
            if table.on_course is not None and self._document[table.file]
        ]

    def _flowing(self, pieces: Sequence[str]) -> list[str]:
        """Pieces one after another, never broken but where one alone is too wide."""
        lines: list[str] = []
        for piece in pieces:
            joined = f"{lines[-1]}{self._glyphs.between}{piece}" if lines else piece
            if lines and columns(joined) <= self.width:
                lines[-1] = joined
            else:
                lines += wrapped(piece, self.width)
        return lines
