"""What a project needs besides its results: whether it can run, and what in it may go."""
