"""`python -m registry`: hands over to the command line."""

from __future__ import annotations

import atexit
import gc
import os
import sys

# A command makes what it needs and ends: to look through it for what may go costs a tenth of a
# short one's time, at Python's own number of 700 new objects. The libraries of an analysis alone
# make a quarter of a million.
NEW_OBJECTS = 500_000
# No table here is so wide that threads make a product of it sooner: waiting for one another they
# cost a tenth of a report's processor time. A person's own number stands.
BLAS_THREADS = ("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """Runs the command; Ctrl-C before there is one to interrupt is no fault either."""
    gc.set_threshold(NEW_OBJECTS)
    os.environ.setdefault(*BLAS_THREADS)
    ended: list[int] = []
    # First there, so last called: threads have ended, and whoever else wants to be told has been.
    atexit.register(_leave, ended)
    try:
        from registry.cli import run

        run()
    except KeyboardInterrupt:
        ended.append(130)
        sys.exit(130)
    except SystemExit as end:
        if end.code:
            # A file on a full disk that is closed on the way out fails once more: that was said.
            sys.unraisablehook = lambda _: None
            _let_go_of_output()
        if isinstance(end.code, int):
            ended.append(end.code)
        raise


def _leave(ended: list[int]) -> None:
    """Ends the process as it stands: to take all modules apart costs a third of a short command.

    What cannot be written any more is left to Python's own end, which tells of it.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    if ended:
        os._exit(ended[0])


def _let_go_of_output() -> None:
    """What is still to be written and finds no room would end the program with Python's 120."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
