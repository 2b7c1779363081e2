"""Writes docs/cli.md: what every command does, its arguments and options, and an example.

All of it comes from the commands themselves, so it depends on no terminal, home or person. The
commands of single records share their options; these are told once, with the variables beside.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from typer.main import get_command

from registry.cli import app
from registry.cli.records.commands import VERBS, verbs
from registry.cli.records.options import parameter_name
from registry.clinical_tables import BY_COMMAND
from registry.records.rows import BY_FILE_NAME, dictionary_columns

REFERENCE = Path(__file__).parents[1] / "docs" / "cli.md"
CURE = "docs/cli.md is not current. Run scripts/cli-reference and look at the difference."

# Heading -> what stands under it: commands and groups in this order. RECORDS is their place.
RECORDS = "records"
SECTIONS: dict[str, tuple[str, ...]] = {
    "Data entry": (RECORDS, "identity", "role", "visit", "centre", "assay", "history", "undo"),
    "Import": ("import", "feed", "template", "codebook"),
    "Worklist": ("worklist",),
    "Quality of the data": ("quality", "query"),
    "Nightly run": ("derive", "schedule"),
    "Status and analysis": (
        "status",
        "explain",
        "definition",
        "disclosure",
        *("analyse", "report", "dossier"),
        *("freeze", "sign", "lock", "unlock", "release", "study", "hub", "validate"),
        "sql",
        "export",
    ),
    "Database": ("db", "audit", "demo", "synth"),
}
# These need no database.
WITHOUT_DATABASE = {
    ("codebook",),
    ("template",),
    ("synth",),
    ("schedule", "show"),
    ("db", "analyst"),
    *(("audit", "check"), ("validate",), ("study", "key")),
}
STATUSES = {
    0: "done",
    1: "refused or not found: bad data, an unknown patient, a rule of the registry",
    2: "wrong usage: an option that is not there, options that do not fit together",
    3: "the database cannot be reached, or is at another migration than this program",
    4: "an analysis that these data cannot carry: no events, separation",
    130: "interrupted by Ctrl-C; what was not finished is not stored",
}
VARIABLES = {
    "REGISTRY_HOME": "`--home`",
    "REGISTRY_DATABASE_URL": "`--database-url`",
    "REGISTRY_USER": "`--user`",
    "REGISTRY_IDENTITY_URL": "the database of the identities, if another",
    "REGISTRY_SCHEDULE": "`--config` of `registry schedule`",
}
INTRODUCTION = """\
# The commands

Made from the commands by `scripts/cli-reference`; a change belongs into the command's own help.
`registry COMMAND --help` shows the same in a terminal. A way through them, day by day, is in
[A first week with the registry](data-manager.md).
"""

Words = tuple[str, ...]
Row = tuple[str, str, str]


def reference() -> str:
    """The whole document."""
    root = get_command(app)
    context = root.context_class(root, info_name="registry")
    tops = {name: root.get_command(context, name) for name in root.list_commands(context)}
    placed = [name for names in SECTIONS.values() for name in names]
    if missing := sorted(set(tops) - set(BY_COMMAND) - set(placed)):
        raise SystemExit(f"Give them a place in SECTIONS of {Path(__file__).name}: {missing}")
    parts = [INTRODUCTION, _contents(tops, context), _everywhere(root, context)]
    for heading, names in SECTIONS.items():
        parts.append(f"## {heading}\n")
        for name in names:
            if name == RECORDS:
                parts.append(_records(tops, context))
            elif name in tops:
                parts += [_page(words, one, at) for words, one, at in _leaves(tops[name], context)]
    return "\n".join(parts)


def _contents(tops: dict[str, Any], context: Any) -> str:
    lines = ["- [Every command](#every-command): options before it, formats, exit statuses"]
    for heading, names in SECTIONS.items():
        links = []
        for name in names:
            if name == RECORDS:
                links.append("[single records](#single-records)")
            elif name in tops:
                links += [
                    f"[{' '.join(words)}](#{_anchor(' '.join(('registry', *words)))})"
                    for words, _, _ in _leaves(tops[name], context)
                ]
        lines.append(f"- [{heading}](#{_anchor(heading)}): {', '.join(links)}")
    return "\n".join([*lines, ""])


def _everywhere(root: Any, context: Any) -> str:
    """What holds for all commands."""
    statuses = [(str(number), words) for number, words in STATUSES.items()]
    variables = [(f"`{name}`", words) for name, words in VARIABLES.items()]
    return "\n".join(
        [
            "## Every command\n",
            "```\nregistry [OPTIONS] COMMAND ...\n```\n",
            "These options stand before the command:\n",
            _table(("option", "meaning", "default"), _rows(root.params, context)),
            "Instead of an option, a variable of the environment:\n",
            _table(("variable", "stands for"), variables),
            "Results go to standard output, messages to standard error. With `--format json` "
            "standard output is one JSON document and nothing else; `--format csv` is CSV with a "
            "header. An error is a few lines that say what is wrong, where, and the cure.\n",
            _table(("exit status", "meaning"), statuses),
        ]
    )


def _page(words: Words, command: Any, context: Any) -> str:
    """One command."""
    text, example = _help(command)
    name = " ".join(("registry", *words))
    parts = [f"### {name}\n", text, f"```\n{_usage(name, command, context)}\n```\n"]
    rows = _rows(command.params, context)
    if rows:
        parts.append(_table(("argument or option", "meaning", "default"), rows))
    parts.append(f"Example:\n\n```sh\n{example}\n```\n")
    parts.append(f"Exit status: {_statuses(words)}.\n")
    return "\n".join(parts)


def _statuses(words: Words) -> str:
    numbers = [0, 1, 2]
    if words not in WITHOUT_DATABASE:
        numbers.append(3)
    if words[0] == "analyse":
        numbers.append(4)
    *rest, last = map(str, numbers)
    own = ", or psql's own" if words == ("db", "psql") else ""
    return f"{', '.join(rest)} or {last}{own}"


def _records(tops: dict[str, Any], context: Any) -> str:
    """The commands of single records: each verb once, then the variables of each group."""
    leaves = {
        words: (command, at)
        for group in BY_COMMAND
        for words, command, at in _leaves(tops[group], context)
    }
    groups = [
        (
            f"[`{group}`](#{_anchor(f'registry {group}')})",
            table.holds.rstrip("."),
            f"`{table.file}.csv`",
            " ".join(f"`{column}`" for column in table.key) or "-",
        )
        for group, table in BY_COMMAND.items()
    ]
    parts = [
        "### Single records\n",
        "```\nregistry GROUP VERB PATIENT [KEY]... [OPTIONS]\n```\n",
        f"{len(BY_COMMAND)} groups, {len(VERBS)} verbs. `KEY` names a record of the patient: "
        "the values of the columns below, in their order.\n",
        _table(("GROUP", "what", "import file", "KEY"), groups),
    ]
    parts += [_verb(verb, {w[0]: leaves[w] for w in leaves if w[1] == verb}) for verb in VERBS]
    further = [(group, verb) for group in BY_COMMAND for verb in verbs(group)[len(VERBS) :]]
    parts += [_page(words, *leaves[words]) for words in [("patient", "show"), *further]]
    parts += [_variables(group, leaves) for group in BY_COMMAND]
    return "\n".join(parts)


def _verb(verb: str, commands: dict[str, tuple[Any, Any]]) -> str:
    """One verb of all groups; what only some of them have says so."""
    if verb == "show":
        # That of a patient is another command.
        commands = {group: found for group, found in commands.items() if group != "patient"}
    owners: dict[Row, list[str]] = {}
    for group, (command, context) in commands.items():
        own = {_option_of(name) for name in dictionary_columns(_entity(group))}
        for param in command.params:
            if param.param_type_name == "option" and not own.isdisjoint(param.opts):
                continue
            [row] = _rows([param], context)
            if param.name == "key":
                row = (row[0], "The record's key, as in the table above.", row[2])
            owners.setdefault(row, []).append(group)
    text, _ = _help(next(iter(commands.values()))[0])
    parts = [f"#### registry GROUP {verb}\n", text]
    if verb in ("add", "amend"):
        parts.append("With an option for each variable of the group, and:\n")
    rows = [
        (name, f"{meaning}{_only(groups, list(commands))}", default)
        # Arguments first, as they stand on the line.
        for (name, meaning, default), groups in sorted(
            owners.items(), key=lambda found: found[0][0].startswith("`--")
        )
    ]
    parts.append(_table(("argument or option", "meaning", "default"), rows))
    parts.append(f"Exit status: {_statuses(('patient', verb))}.\n")
    return "\n".join(parts)


def _only(groups: Sequence[str], every: Sequence[str]) -> str:
    missing = [group for group in every if group not in groups]
    if not missing:
        return ""
    if len(groups) <= len(missing):
        return f" Only `{'`, `'.join(groups)}`."
    return f" Not `{'`, `'.join(missing)}`."


def _variables(group: str, leaves: dict[Words, tuple[Any, Any]]) -> str:
    """The options that are variables, and an example of each verb."""
    entity = _entity(group)
    command, _ = leaves[group, "add"]
    rows = []
    for name, variable in dictionary_columns(entity).items():
        [param] = [one for one in command.params if _option_of(name) in one.opts]
        options = ", ".join(f"`{option}`" for option in param.opts)
        rows.append(
            (
                f"{options} {param.metavar}",
                _escaped(variable.comment()),
                "yes" if variable.required else "",
            )
        )
    examples = [
        f"registry {group} {verb} {BY_COMMAND[group].examples[verb]}".rstrip()
        for verb in VERBS
        if (group, verb) != ("patient", "show")
    ]
    return "\n".join(
        [
            f"#### registry {group}\n",
            f"{BY_COMMAND[group].holds}\n",
            _table(("option", "variable", "required"), rows),
            "```sh\n" + "\n".join(examples) + "\n```\n",
        ]
    )


def _entity(group: str) -> Any:
    return BY_FILE_NAME[BY_COMMAND[group].file]


def _option_of(column: str) -> str:
    return f"--{parameter_name(column).replace('_', '-')}"


def _leaves(command: Any, parent: Any, words: Words = ()) -> Iterator[tuple[Words, Any, Any]]:
    """Every command below this one, with the words that call it and its context."""
    words = (*words, command.name)
    context = command.context_class(command, info_name=command.name, parent=parent)
    if not hasattr(command, "list_commands"):
        yield words, command, context
        return
    for name in command.list_commands(context):
        yield from _leaves(command.get_command(context, name), context, words)


def _help(command: Any) -> tuple[str, str]:
    """The help as Markdown, and its example."""
    text = inspect.cleandoc(command.help)
    [example] = re.findall(r"^\s*Example: (.+)$", text, re.MULTILINE)
    paragraphs = re.split(r"\n\s*\n", re.sub(r"^\s*Example: .+$", "", text, flags=re.MULTILINE))
    return "\n".join(map(_paragraph, filter(str.strip, paragraphs))), example


def _paragraph(text: str) -> str:
    """Words, or what stands line by line."""
    marked, _, rest = text.strip().partition("\n")
    if marked == "\b":
        return f"```\n{rest}\n```\n"
    return " ".join(text.split()) + "\n"


def _usage(name: str, command: Any, context: Any) -> str:
    arguments = []
    for param in command.params:
        if param.param_type_name == "argument":
            word = _name_of(param, context) + ("..." if param.nargs == -1 else "")
            arguments.append(word if param.required else f"[{word}]")
    if command.context_settings.get("allow_extra_args"):
        arguments.append("[ARGUMENTS]...")
    options = ["[OPTIONS]"] if _options(command) else []
    return " ".join([name, *options, *arguments])


def _options(command: Any) -> list[Any]:
    return [param for param in command.params if param.param_type_name == "option"]


def _rows(params: Sequence[Any], context: Any) -> list[Row]:
    return [_row(param, context) for param in params if not param.hidden]


def _row(param: Any, context: Any) -> Row:
    """Name, meaning and default, as the help itself writes them."""
    names, text = param.get_help_record(context)
    text, default = _taken(text, r"default: ([^;\]]+)")
    text, variable = _taken(text, r"env var: ([^;\]]+)")
    text, required = _taken(text, r"required")
    text, limits = _taken(text, r"[^;\]]*x[<>]=[^;\]]*")
    # A default that is told in the help's own words.
    own = re.search(r"\s+\[([^\]]+)\]$", text)
    if own and not default:
        text, default = text[: own.start()], own[1]
    name = _name_of(param, context) if param.param_type_name == "argument" else names
    if limits:
        text += f" {_in_words(limits)}."
    if variable:
        text += f" Or by `{variable}`."
    default = "required" if required else default
    return f"`{_in_cell(name)}`", _escaped(text), _escaped(default)


def _in_words(limits: str) -> str:
    """Limits as the help writes them, in words: `60<=x<=400`, `x>=1`."""
    least = re.search(r"(\d+)<=x|x>=(\d+)", limits)
    most = re.search(r"x<=(\d+)", limits)
    words = [
        f"At least {least[1] or least[2]}" if least else "",
        f"at most {most[1]}" if most else "",
    ]
    return ", ".join(filter(None, words))


def _name_of(param: Any, context: Any) -> str:
    return (param.metavar or param.make_metavar(context)).strip("[]{}.")


def _taken(text: str, pattern: str) -> tuple[str, str]:
    """The text without what the help says in brackets at its end, and that."""
    begin, bracket, inside = text.rpartition("  [")
    if not bracket:
        return text, ""
    said = inside.rstrip("]").split("; ")
    for place, one in enumerate(said):
        found = re.fullmatch(pattern, one)
        if found:
            rest = "; ".join(said[:place] + said[place + 1 :])
            return (f"{begin}  [{rest}]" if rest else begin), found[found.re.groups]
    return text, ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in [head, ["---"] * len(head), *rows])


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _escaped(text: str) -> str:
    # A `<` would begin a tag.
    return _in_cell(text).replace("<", "\\<")


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")


def main(arguments: Sequence[str], say: Callable[[str], None] = print) -> int:
    """Writes the document, or with --check only compares; the exit status."""
    # What a help says may depend on the width of a terminal.
    os.environ["COLUMNS"] = "100"
    made = reference()
    if "--check" in arguments:
        is_current = REFERENCE.exists() and REFERENCE.read_text(encoding="utf-8") == made
        say("docs/cli.md is current." if is_current else CURE)
        return int(not is_current)
    REFERENCE.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
