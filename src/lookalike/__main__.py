"""`python -m lookalike COMMAND ...`, the same as `lookalike COMMAND ...`."""

from lookalike.cli.app import main

if __name__ == "__main__":
    main()
