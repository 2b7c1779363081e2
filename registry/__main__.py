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


if __name__ == "__main__":
    main()
