"""`registry study`: one answer from several hospitals, by files that each can read."""

from __future__ import annotations

import typer

from registry.cli.study import answering, asking

app = typer.Typer(
    no_args_is_help=True,
    help="One answer from several hospitals by signed files; no child's row leaves any of them.",
)
app.command("key")(asking.key_command)
app.command("new")(asking.new_command)
app.command("check")(answering.check_command)
app.command("answer")(answering.answer_command)
app.command("combine")(asking.combine_command)
app.command("show")(asking.show_command)
app.command("sent")(answering.sent_command)
