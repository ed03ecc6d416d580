"""The command line: `app` and `results` have the commands, and the other modules the work that no library does."""
