"""Names from the wire: strangers choose them, and terminals and web pages show them."""

import re

_SOUND = re.compile(
    rb"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*"
)


def hostname(raw: bytes) -> str:
    """The name in lower case; empty unless it is made of what host names are made of."""
    name = raw.lower()
    return name.decode("ascii") if _SOUND.fullmatch(name) else ""
