"""Programs of this project that are forked from a process which has imported them."""

FORK_SERVER = "fork-server"
"""What the kernel calls a forked process that forks workers, and them: their command is that of the service."""
