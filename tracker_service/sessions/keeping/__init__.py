"""Live videos as files, so that they survive a restart of the service."""
