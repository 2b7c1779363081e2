"""Brings the catalogues of translations up to what the program says, and checks them.

A message is the first argument of `tr` or `note`, which must be a literal, or is declared: labels
and meanings of variables and codes, the words of rules. Every one stands in each language's
`registry.po`, for its translator; `registry.mo` is the same for the program. Neither holds a date,
a path or a line, so that they change with the messages alone.
"""

from __future__ import annotations

import ast
import re
import runpy
import sys
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from typer import Context
from typer.core import TyperGroup
from typer.main import get_command

from registry.cli import app
from registry.cli.frame.commands import EXAMPLE, OWN_WORDS
from registry.cli.frame.commands import messages as messages_of_help
from registry.clinical_tables import BY_FILE
from registry.covariates import COVARIATES, MEASURES
from registry.errors import SYSTEM_WORDS
from registry.models import ENTITIES, all_tables, table_of
from registry.models.patient import STUDY_ID
from registry.parsing.names import is_word
from registry.parsing.toml import FOUND
from registry.patient.told import words_for_empty
from registry.views import headers, worklist_words
from registry.views.build import sentences
from registry.vocabulary import DERIVED_CODES, DRUG_CLASSES, MEANINGS
from registry.words import LOCALES, Note, in_english

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "registry"
MIGRATIONS = PROJECT / "migrations" / "versions"
# Where words are said as they come, from what `declared` gives.
SPEAKERS = (PACKAGE / "words.py", PACKAGE / "cli" / "frame" / "context.py")
MARKERS = ("tr", "note", "remark")
_PLACE = re.compile(r"\{[^{}]*\}")
# The two nouns behind a number, which are English.
_NOUNS = re.compile(r"[:|][^{}|:]*\|[^{}|]*(?=\})")
_SQL_LITERAL = re.compile(r"--[^\n]*|'([^']*)'")


class Catalogue(Catalog):
    """A catalogue whose header says nothing but the language and the encoding."""

    def __init__(self, language: str, comment: str) -> None:
        super().__init__(locale=language, header_comment=comment, charset="utf-8")
        self.language = language

    def __iter__(self) -> Iterator[Message]:
        _, *messages = super().__iter__()
        header = f"Language: {self.language}\nContent-Type: text/plain; charset=utf-8\n"
        yield Message("", header, flags=())
        yield from messages


def main(arguments: list[str]) -> int:
    """Exit status 1 where a catalogue is not as it should be."""
    messages = sorted({*literals(), *declared()} - {""})
    wrong = []
    for po in sorted(LOCALES.glob("*/LC_MESSAGES/registry.po")):
        language = po.parents[1].name
        current = read(po)
        if arguments != ["--check"]:
            po.write_bytes(po_of(merged(current, messages)))
            current = read(po)
            po.with_suffix(".mo").write_bytes(mo_of(current))
        wrong += [f"{language}: {problem}" for problem in problems(current, messages)]
        if po.with_suffix(".mo").read_bytes() != mo_of(current):
            wrong.append(f"{language}: registry.mo is not made from registry.po")
        print(f"{language}: {len(messages)} messages", file=sys.stderr)
    for problem in wrong:
        print(problem)
    return 1 if wrong else 0


def literals() -> Iterator[str]:
    """Every literal that the program's source marks as a message."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in MARKERS:
                continue
            if path not in SPEAKERS or isinstance(node.args[0], ast.Constant):
                yield _literal(node, path)


def _literal(call: ast.Call, path: Path) -> str:
    words = call.args[0] if call.args else None
    if isinstance(words, ast.Constant) and isinstance(words.value, str):
        return words.value
    shown = f"{path.relative_to(PROJECT)}:{call.lineno}"
    raise SystemExit(f"{shown}: {ast.unparse(call.func)} needs a literal; say others by `spoken`")


def declared() -> Iterator[str]:
    """Every word that is declared and then said by `spoken`."""
    for table in all_tables().sorted_tables:
        for column in table.columns:
            if (variable := column.info.get("variable")) is not None:
                yield from (variable.label, variable.meaning, *variable.levels)
    yield from (STUDY_ID.label, STUDY_ID.meaning)
    yield from (table_of(entity).comment or "" for entity in ENTITIES)
    for meanings in MEANINGS.values():
        yield from meanings.values()
    for measure in MEASURES.values():
        yield measure.label
        yield from filter(str.isalpha, (measure.unit,))
    for covariate in COVARIATES:
        words = (covariate.label, covariate.level, covariate.other_level)
        yield from (one.message if isinstance(one, Note) else one for one in words)
    yield from headers.words()
    for table in BY_FILE.values():
        yield from words_for_empty(table)
    codes = [*DERIVED_CODES, *DRUG_CLASSES.values(), *list(BY_FILE)[1:]]
    codes += [code for codes_of_one in MEANINGS for code in codes_of_one if is_word(code)]
    yield from (code.replace("_", " ") for code in codes)
    yield from worklist_rules()
    yield from reference_data()
    yield from guidance()
    yield from help_words()
    yield from (*SYSTEM_WORDS, *FOUND)
    yield from (sentence.words for sentence in sentences())


def help_words() -> Iterator[str]:
    """What the commands say of themselves; options of variables are said by their declarations."""
    yield from (*OWN_WORDS, EXAMPLE)
    own = {
        column.info["variable"].comment()
        for table in all_tables().sorted_tables
        for column in table.columns
        if "variable" in column.info
    }
    with in_english():
        root = get_command(app)
        yield from (words for words in help_below(root, Context(root)) if words not in own)


def help_below(command: Any, context: Context) -> Iterator[str]:
    """The messages of a command and of all below it."""
    yield from messages_of_help(command)
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            yield from help_below(command.get_command(context, name), context)


def worklist_rules() -> Iterator[str]:
    """What the rules of the worklist say: what to do, why, and where it is from."""
    for rule in worklist_words.rules():
        yield from (rule.why, rule.action, rule.source)


def reference_data() -> Iterator[str]:
    """What the definitions that ship are for, and where the thresholds are from."""
    path = MIGRATIONS / "0003_reference_data.py"
    yield from (threshold[-1] for threshold in runpy.run_path(str(path))["THRESHOLDS"])
    source = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "definition":
            yield ast.literal_eval(node.args[1])


def guidance() -> Iterator[str]:
    """The sentences of the view that advises after a loss of response."""
    source = (PACKAGE / "views" / "analytics" / "lor_mechanism.sql").read_text(encoding="utf-8")
    yield from (words for words in _SQL_LITERAL.findall(source) if " " in words)


def read(po: Path) -> Catalogue:
    """The catalogue as it stands; its comment holds the glossary."""
    language = po.parents[1].name
    with po.open("rb") as file:
        found = read_po(file, locale=language)
    made = Catalogue(language, found.header_comment)
    for message in found:
        if message.id:
            made.add(
                message.id, message.string, flags=message.flags, user_comments=message.user_comments
            )
    return made


def merged(current: Catalogue, messages: Iterable[str]) -> Catalogue:
    """A catalogue of these messages, with the translations that there are."""
    made = Catalogue(current.language, current.header_comment)
    for message in messages:
        known = current.get(message)
        if known is None:
            made.add(message, "")
        else:
            made.add(message, known.string, flags=known.flags, user_comments=known.user_comments)
    return made


def po_of(catalogue: Catalogue) -> bytes:
    """The catalogue for its translator."""
    file = BytesIO()
    write_po(file, catalogue, width=100, no_location=True, sort_output=True)
    return file.getvalue().rstrip(b"\n") + b"\n"


def mo_of(catalogue: Catalogue) -> bytes:
    """The catalogue for the program."""
    file = BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def problems(catalogue: Catalogue, messages: list[str]) -> Iterator[str]:
    """What is missing, left over, or loses or invents a placeholder."""
    held = {message.id: message for message in catalogue if message.id}
    yield from (f"not in the catalogue: {words!r}" for words in messages if words not in held)
    for words, message in held.items():
        if words not in messages:
            yield f"no longer said: {words!r}"
        elif message.fuzzy or not message.string:
            yield f"without a translation: {words!r}"
        elif set(_PLACE.findall(_NOUNS.sub("", words))) != set(_PLACE.findall(message.string)):
            yield f"other placeholders: {words!r}: {message.string!r}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
