"""The viewer over HTTP: of jobs, and of a folder of results on this computer."""
