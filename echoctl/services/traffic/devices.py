"""The devices of the house and whom they talk to, as far as they were watched."""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.model.traffic import Device
from echoctl.store import traffic
from echoctl.store.database import db
from echoctl.traffic import thresholds

OLDER_HINT = "restart the device (or its Wi-Fi) while this watches: its connections then say their names once"

WATCH_HINT = "echoctl traffic watch, or: echoctl traffic import FILE"

LONGEST_NAME = 40

_MAC = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")


@dataclass(frozen=True, slots=True)
class Contact:
    """An endpoint of a device, with what went to it and came from it."""

    device: Device
    row: traffic.EndpointRow


@contextlib.contextmanager
def opened() -> Iterator[db.Connection]:
    """The store. Raises NotFound when nothing was ever watched, StoreError."""
    if not db.exists(paths.database()):
        raise NotFound("nothing was watched yet", WATCH_HINT)
    with db.session(paths.database()) as connection:
        yield connection


def listing() -> list[Device]:
    """All devices that were ever seen, speakers first; none when nothing was watched."""
    if not db.exists(paths.database()):
        return []
    with db.session(paths.database()) as connection:
        return traffic.devices(connection)


def find(devices: Sequence[Device], wanted: str) -> Device:
    """The device whose name or MAC address is, or alone begins with, `wanted`. Raises NotFound, UsageError."""
    key = wanted.casefold().replace("-", ":") if _like_mac(wanted) else wanted.casefold()
    exact = [each for each in devices if key and key in (each.mac.casefold(), each.name.casefold())]
    found = exact or [each for each in devices if key and _begins(each, key)]
    if not found:
        raise NotFound(f"no device {wanted}", "echoctl traffic devices lists them")
    if len(found) > 1:
        several = " or ".join(each.mac for each in found[:5])
        raise UsageError(f"{wanted} means several devices", f"write more of it: {several}")
    return found[0]


def mac_of(wanted: str) -> str:
    """The MAC address of a device that was seen, or `wanted` itself when it is one. Raises NotFound, UsageError."""
    if _MAC.fullmatch(wanted):
        return wanted.lower().replace("-", ":")
    found = find(listing(), wanted)
    if not _MAC.fullmatch(found.mac):
        raise UsageError(f"{wanted} has no MAC address", "it was seen in a capture without link layer")
    return found.mac


def describe(wanted: str, name: str, speaker: bool | None, model: str | None) -> Device:
    """Note what a person says of a device; None leaves a value as it is. Raises NotFound, UsageError, StoreError."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"'{name}' is no name", f"up to {LONGEST_NAME} printable characters: kitchen")
    if model is not None and model not in thresholds.MODELS:
        raise UsageError(f"unknown model: {model}", f"known: {', '.join(thresholds.MODELS)}")
    with opened() as connection:
        known = traffic.devices(connection)
        device = find(known, wanted)
        others = [each.mac for each in known if each.name.casefold() == name.casefold() and each.mac != device.mac]
        if others:
            raise UsageError(f"another device is called {name}", f"it is {others[0]}: choose another name")
        changed = replace(
            device,
            name=name,
            speaker=device.speaker if speaker is None else speaker,
            model=device.model if model is None else model,
        )
        with db.immediate(connection):
            traffic.name_device(connection, changed)
    return changed


def contacts(wanted: str | None, since_ms: int) -> list[Contact]:
    """The endpoints that one device, or each of them, has talked to since then, the busiest upload first.

    Raises NotFound, UsageError, StoreError.
    """
    with opened() as connection:
        known = traffic.devices(connection)
        device = find(known, wanted) if wanted else None
        rows = traffic.endpoints(connection, device.mac if device else None, since_ms)
    by_mac = {each.mac: each for each in known}
    return [Contact(by_mac[row.device], row) for row in rows]


def _like_mac(text: str) -> bool:
    return all(letter in "0123456789abcdefABCDEF:-" for letter in text)


def _begins(device: Device, key: str) -> bool:
    return device.mac.casefold().startswith(key) or (bool(device.name) and device.name.casefold().startswith(key))
