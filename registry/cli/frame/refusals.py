"""What Typer refuses of a line, in our words: what is wrong, where, and the cure."""

from __future__ import annotations

import re
from typing import Any

from typer._click.exceptions import MissingParameter, NoSuchOption, UsageError
from typer.core import TyperGroup

from registry.cli.frame.values import named
from registry.errors import WrongUsage, there_are
from registry.parsing.meant import did_you_mean, near
from registry.words import tr

# Typer tells these apart by its words alone; what the person wrote is between the brackets.
_NO_COMMAND = re.compile(r"""No such command ['"](.*?)['"]\.""")
_TOO_MUCH = re.compile(r"Got unexpected extra argument\(s\) \((.*)\)", re.S)
_WITHOUT_VALUE = re.compile(r"Option '(.*?)' requires an argument")
_WITH_VALUE = re.compile(r"Option '(.*?)' does not take a value")
_NO_COMMAND_AT_ALL = "Missing command."


def of_line(error: UsageError, context: Any) -> WrongUsage:
    """What Typer refused of the line of `context`'s command, as our own error.

    Words of Typer's that are not known here stand as they are.
    """
    problem, cure = _said(error, context)
    usage = context.get_usage()
    more = tr("More: {command} --help", command=context.command_path)
    return WrongUsage(problem, cure="\n".join(filter(None, [cure, usage, more])))


def _said(error: UsageError, context: Any) -> tuple[str, str | None]:
    command, words = context.command_path, error.message
    match error:
        case MissingParameter(param=param):
            return tr("{name} is missing.", name=named(param)), _meaning(param, context)
        case NoSuchOption(option_name=option):
            problem = tr("{command} has no option {option}.", command=command, option=option)
            return problem, _where_it_stands(option, context)
    if words == _NO_COMMAND_AT_ALL:
        names = context.command.list_commands(context)
        return tr("{command} needs a command.", command=command), there_are(names)
    if found := _NO_COMMAND.match(words):
        names = context.command.list_commands(context)
        problem = tr("{command} has no command {name}.", command=command, name=found[1])
        return problem, did_you_mean(near(found[1], names)) or there_are(names)
    if found := _TOO_MUCH.match(words):
        return tr("{words} is more than {command} takes.", words=found[1], command=command), None
    if found := _WITHOUT_VALUE.match(words):
        param = _options(context)[found[1]]
        return tr("{option} needs a value.", option=found[1]), _meaning(param, context)
    if found := _WITH_VALUE.match(words):
        return tr("{option} takes no value.", option=found[1]), None
    return error.format_message(), None


def _meaning(param: Any, context: Any) -> str:
    """How an option or argument is written, and its help."""
    return tr("{option}: {words}", option=_written(param, context), words=param.help)


def _written(param: Any, context: Any) -> str:
    """An option with what stands for its value, or what stands for an argument."""
    is_option = param.param_type_name == "option"
    return str(param.get_help_record(context)[0]) if is_option else named(param)


def _where_it_stands(option: str, context: Any) -> str | None:
    """What was meant by an option that the command has not."""
    root = context.find_root()
    if context is not root and (found := _options(root).get(option)):
        line = f"{root.info_name} {_written(found, root)} ..."
        return tr("It stands before the command: {line}", line=line)
    # Without the dashes, in which all are alike.
    named = {one.lstrip("-"): one for one in _options(context)}
    meant = did_you_mean([named[one] for one in near(option.lstrip("-"), named)])
    if meant is None and isinstance(context.command, TyperGroup):
        return tr("The options of a command stand behind its name.")
    return meant


def _options(context: Any) -> dict[str, Any]:
    params = context.command.get_params(context)
    return {name: one for one in params for name in (*one.opts, *one.secondary_opts)}
