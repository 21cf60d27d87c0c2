"""Upload bursts, each with the detection that explains it."""

from collections.abc import Sequence

from echoctl.model.traffic import Burst, BurstClass
from echoctl.services.traffic import verdicts
from echoctl.services.traffic.devices import find, opened
from echoctl.store import traffic


def listing(
    wanted: str | None, since_ms: int, grades: Sequence[BurstClass], endpoint: str | None = None
) -> tuple[list[Burst], dict[str, str]]:
    """The bursts of one device or of all since then, oldest first, and what the devices are called.

    No grades: all of them. `endpoint`: only those to this name or address. Raises NotFound, UsageError, StoreError.
    """
    with opened() as connection:
        devices = traffic.devices(connection)
        chosen = [find(devices, wanted)] if wanted else devices
        found = [
            burst
            for device in chosen
            for burst in verdicts.scene(connection, device, since_ms, verdicts.FOREVER_MS, every=True).bursts
            if (not grades or burst.grade in grades) and endpoint in (None, burst.name, burst.remote)
        ]
    return sorted(found, key=lambda burst: burst.start_ms), {each.mac: each.name for each in devices}
