"""One question to a person at a terminal: asked until the answer will do, or taken back by `<`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

import typer

from registry.cli.frame.terminal import as_text
from registry.words import tr

# What a person types to go back one question. A measured value begins so, but is never that alone.
BACK = ("<", "＜")


class GoneBack(Exception):
    """The person wants the question before."""


def may_ask(no_input: bool = False) -> bool:
    """Whether there is a person who can answer."""
    return not no_input and sys.stdin.isatty() and sys.stderr.isatty()


def ask(words: str) -> str:
    """What a person answers, which may be nothing."""
    return _read(f"{words}: ", ())


def agrees(words: str) -> bool:
    """Whether a person answers with yes; nothing, as to go back, is no."""
    from registry.parsing.names import read_flag
    from registry.parsing.text import NotOfKind

    def problem_of(answer: str) -> str | None:
        try:
            read_flag(answer or "no")
        except NotOfKind as error:
            return error.problem
        return None

    try:
        answer = ask_until(f"{words} [yes/no]", problem_of)
    except GoneBack:
        return False
    return read_flag(answer or "no") == "yes"


def ask_until(
    words: str, problem_of: Callable[[str], str | None], offers: Iterable[str] = ()
) -> str:
    """The answer to a question, asked again as long as there is a problem with it.

    `offers` are what the tab key completes. Raises GoneBack.
    """
    while True:
        answer = _read(f"{words}\n  > " if "\n" in words else f"{words}: ", list(offers))
        if answer in BACK:
            raise GoneBack
        problem = problem_of(answer)
        if problem is None:
            return answer
        typer.echo(f"  {answer!r} {problem}" if answer else f"  {problem}", err=True)


def ask_in_turn(
    state: dict[str, str], questions: Sequence[Callable[[dict[str, str]], bool]]
) -> None:
    """Puts the questions, each of which changes the state and says whether it asked anything.

    Who goes back finds the state as it was before the last question that was asked.
    """
    place = 0
    asked: list[tuple[int, dict[str, str]]] = []
    while place < len(questions):
        before = dict(state)
        try:
            if questions[place](state):
                asked.append((place, before))
            place += 1
        except GoneBack:
            if asked:
                place, before = asked.pop()
            else:
                typer.echo("  " + tr("This is the first question."), err=True)
            state.clear()
            state.update(before)


def ask_alone(question: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    """The state after one question."""
    state: dict[str, str] = {}
    ask_in_turn(state, [question])
    return state


def ask_reason(state: dict[str, str]) -> bool:
    """The question why something is done, which needs an answer."""
    state["reason"] = ask_until(tr("Reason"), lambda answer: None if answer else tr("is needed"))
    return True


def choose(words: str, choices: Mapping[str, str]) -> str:
    """One of several by its number in the list, or by its name.

    `choices` are the names with what is shown of each. Raises GoneBack.
    """
    names = list(choices)
    typer.echo(words, err=True)
    for number, name in enumerate(names, start=1):
        typer.echo(f"  {number:>3}  {choices[name]}", err=True)

    def problem_of(answer: str) -> str | None:
        if _chosen(answer, names) is None:
            return tr("is none of them; give its number in the list")
        return None

    answer = ask_until(tr("Which one"), problem_of, names)
    return _chosen(answer, names) or answer


def _chosen(answer: str, names: list[str]) -> str | None:
    if answer in names:
        return answer
    if answer.isdecimal() and 1 <= int(answer) <= len(names):
        return names[int(answer) - 1]
    begun = [name for name in names if answer and name.casefold().startswith(answer.casefold())]
    return begun[0] if len(begun) == 1 else None


def _read(words: str, offers: Sequence[str]) -> str:
    """One line of a person; with line editing, and the offers by the tab key, where there are."""
    if not sys.stdout.isatty():
        typer.echo(words, nl=False, err=True)
        line = sys.stdin.readline()
        if not line:
            raise KeyboardInterrupt
        return line.strip()
    try:
        import readline
    except ImportError:  # not everywhere
        pass
    else:
        readline.set_completer(_completer(offers))
        readline.set_completer_delims("")
        readline.parse_and_bind("tab: complete")
    try:
        return input(as_text(words)).strip()
    except (EOFError, KeyboardInterrupt):
        # What is said next begins on a line of its own.
        typer.echo(err=True)
        raise KeyboardInterrupt from None


def _completer(offers: Sequence[str]) -> Callable[[str, int], str | None]:
    def complete(begun: str, state: int) -> str | None:
        fitting = [one for one in offers if one.lower().startswith(begun.lower())]
        return fitting[state] if state < len(fitting) else None

    return complete
