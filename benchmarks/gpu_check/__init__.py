"""What a card makes of the networks, in one command of at most eight minutes; `__main__` says how."""
