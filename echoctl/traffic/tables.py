"""Tables that come with the program: who made a device, and who owns an address. Nothing is ever looked up live,
since a look-up would tell the network what one is watching.
"""

import functools
import ipaddress
from importlib import resources

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_LOCAL = 0x02
"""The bit of a MAC address that says: chosen by the device, not by its maker."""


def vendor(mac: str) -> str:
    """Who made the device with that MAC address; empty when the table does not know."""
    try:
        raw = bytes.fromhex(mac.replace(":", ""))
    except ValueError:  # a device without a MAC address is named by its IP address
        return ""
    if len(raw) != 6:
        return ""
    if raw[0] & _LOCAL:
        return "private address"
    return _vendors().get(raw[:3].hex(), "")


@functools.lru_cache(maxsize=1 << 14)
def owner(address: str) -> str:
    """Who owns an IP address; empty when the table does not know."""
    asked = ipaddress.ip_address(address)
    best = max((entry for entry in _owners() if asked in entry[0]), key=lambda entry: entry[0].prefixlen, default=None)
    return best[1] if best else ""


@functools.cache
def _vendors() -> dict[str, str]:
    return {prefix: name for name, prefixes in _rows("vendors.tsv") for prefix in prefixes}


@functools.cache
def _owners() -> list[tuple[_Network, str]]:
    return [(ipaddress.ip_network(block), name) for name, blocks in _rows("owners.tsv") for block in blocks]


def _rows(name: str) -> list[tuple[str, list[str]]]:
    text = resources.files("echoctl.traffic").joinpath("data", name).read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    return [(label, values.split()) for label, values in rows]
