"""`python -m registry`: hands over to the command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command; Ctrl-C before there is one to interrupt is no fault either."""
    try:
        from registry.cli import run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
    except SystemExit as end:
        if end.code:
            # A file on a full disk that is closed on the way out fails once more: that was said.
            sys.unraisablehook = lambda _: None
        raise


if __name__ == "__main__":
    main()
