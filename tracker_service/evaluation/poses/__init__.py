"""How far poses are from their exact truth."""
