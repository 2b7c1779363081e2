"""Options take their values as Typer would, where nothing has to be converted too."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.main import get_command

from registry.cli.frame.output import Format
from registry.cli.frame.values import take_as_given
from registry.errors import WrongUsage

MONTHS = [12.0, 24.0]


def command(
    words: Annotated[list[str] | None, typer.Argument()] = None,
    text: Annotated[str, typer.Option()] = "unsaid",
    number: Annotated[int, typer.Option(min=1, max=20)] = 7,
    any_number: Annotated[int | None, typer.Option()] = None,
    share: Annotated[float | None, typer.Option(min=0)] = None,
    form: Annotated[Format, typer.Option(case_sensitive=False)] = Format.TABLE,
    several: Annotated[list[str] | None, typer.Option()] = None,
    months: Annotated[list[float], typer.Option()] = MONTHS,
    forms: Annotated[list[Format] | None, typer.Option()] = None,
    place: Annotated[Path | None, typer.Option()] = None,
    file: Annotated[Path | None, typer.Option(exists=True, dir_okay=False)] = None,
    flag: Annotated[bool, typer.Option("--flag")] = False,
    either: Annotated[bool | None, typer.Option("--either/--or")] = None,
) -> None:
    """What was taken, with its kinds."""
    typer.echo(repr(locals()))


GIVEN = (
    "",
    "a b 0012",
    "--text '' --text twice",
    "--number 20 --any-number 0005",
    "--number 21",
    "--number 0",
    "--any-number -3",
    "--any-number +3",
    "--any-number 1_000",
    "--any-number 3.0",
    "--any-number 3.5",
    "--any-number ４",
    "--any-number 9223372036854775806",
    "--any-number three",
    "--share 0.5",
    "--share -1",
    "--form JSON",
    "--form xml",
    "--several a --several b",
    "--months 6 --months 7.5",
    "--months half",
    "--forms json --forms csv",
    "--forms json --forms xml",
    "--place /nowhere/at/all/../x --flag --either",
    "--file /nowhere/at/all",
    "--file /tmp",
    f"--file {__file__} --or",
    "--place",
    "--nonsense",
)


def ended(given: str, *, as_given: bool) -> tuple[object, str, str]:
    """How the command ends and what it says."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command()(command)
    made: Any = get_command(app)
    if as_given:
        take_as_given(made.params)
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises((SystemExit, WrongUsage)) as end,
    ):
        made([word.strip("'") for word in given.split()])
    if isinstance(end.value, WrongUsage):
        return end.value.exit_status, out.getvalue(), str(end.value)
    return end.value.code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("given", GIVEN)
def test_as_typer_takes_it(given: str) -> None:
    """Word for word where it takes it; where it refuses it the words are ours."""
    *end, said = ended(given, as_given=False)
    *our_end, ours = ended(given, as_given=True)
    assert our_end == end
    option, value = ["", "", *given.split()][-2:]
    # A file is asked for so by no command of ours.
    if "Invalid value" not in said or option == "--file":
        assert ours == said
    else:
        assert ours.startswith(f"{option} cannot be {value!r}.\nWrite ")


def test_a_word_that_is_no_text_is_taken_as_typer_takes_it() -> None:
    given = "--text P\udcff --several \udcff"
    with pytest.raises(UnicodeEncodeError):
        given.encode()
    assert ended(given, as_given=True) == ended(given, as_given=False)
