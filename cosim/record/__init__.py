"""What a run leaves on disk: journals that ranks write, the results that are made of them, and their digest."""
