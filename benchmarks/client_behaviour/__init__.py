"""How the Node backend's clients fare with the service: what they send, in their order, with their timeouts."""
