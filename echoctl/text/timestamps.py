"""Moments as JSON carries them. In a module of its own, because the fast path needs it and nothing else of clock.py."""

import time


def moment(at_ms: int) -> str:
    """Unix milliseconds as ISO 8601 with the local offset."""
    local = time.localtime(at_ms // 1000)
    offset = time.strftime("%z", local)
    return time.strftime("%Y-%m-%dT%H:%M:%S", local) + f".{at_ms % 1000:03d}{offset[:3]}:{offset[3:]}"
