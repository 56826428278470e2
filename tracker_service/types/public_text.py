"""Texts for clients: what is said inside the service, without its places."""

import re

_PATH = re.compile(r"(?<![\w.])/(?:[^\s/:,;'\"]+/)+")
_ADDRESS = re.compile(
    r"""
      \b\w+://[^\s,;'"]+                                   # a URL, with whatever password is in it
    | \bipv[46]:\S*\w                                      # gRPC's form
    | \[[0-9A-Fa-f:]{2,}\](?::\d+)?                        # IPv6
    | \b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b                 # IPv4
    | \b(?=[\w.-]*[A-Za-z])[\w-]+(?:\.[\w-]+)*:\d{2,5}\b   # a name and a port
    """,
    re.VERBOSE,
)


def without_places(text: str) -> str:
    """Return one line without folders and addresses: of a path the last part stays, of an address nothing."""
    return " ".join(_PATH.sub("", _ADDRESS.sub("(address)", text)).split())
