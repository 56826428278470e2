"""What reaches the service: connections, how many and how slow, and from which pages."""
