"""The command line: one module per command that has more to do than to call the library."""
