"""`python -m registry`: hands over to the command line."""

from __future__ import annotations


def main() -> None:
    from registry.cli import run

    run()


if __name__ == "__main__":
    main()
