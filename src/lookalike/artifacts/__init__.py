"""What the stages hand on: the only place that knows paths and file formats. One module for each kind."""
