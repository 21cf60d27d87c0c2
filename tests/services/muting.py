"""Somebody who plays a microphone: it answers what the mute file orders."""

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator

from echoctl import paths
from echoctl.services import mute_file
from echoctl.store.database import listener_locks


@contextlib.contextmanager
def microphone(obey: Callable[[int], None] | None = None) -> Iterator[list[bool]]:
    """Answer each order, from a thread; yields what was obeyed."""
    seen: list[bool] = []
    over = threading.Event()
    file = listener_locks.open_file(paths.data_dir(), listener_locks.FIRST)

    def answer(descriptor: int) -> None:
        muted = mute_file.wanted(descriptor)
        mute_file.answer(descriptor, mute_file.CLOSED if muted else mute_file.OPEN)

    def run() -> None:
        while not over.is_set():
            if not mute_file.done(file)[1] or mute_file.done(file)[0] == mute_file.WAITING:
                (obey or answer)(file)
                seen.append(mute_file.wanted(file))
            time.sleep(0.002)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()
        os.close(file)
