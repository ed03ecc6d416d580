"""Reads and writes of what stages pass on: the only place that knows paths and formats. One module per kind."""
