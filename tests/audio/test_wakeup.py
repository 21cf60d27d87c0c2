import os
import signal
import threading
import time

from echoctl.audio.wakeup import Bell


def test_nobody_rings_and_the_wait_ends_in_time() -> None:
    assert Bell().wait(0.01) is False
    assert Bell().wait(-1) is False


def test_rung_before_the_wait_it_ends_one_wait() -> None:
    bell = Bell()
    bell.ring()
    bell.ring()
    assert bell.wait(10) is True
    assert bell.wait(0) is False


def test_another_thread_ends_the_wait() -> None:
    bell = Bell()
    ringer = threading.Timer(0.05, bell.ring)
    ringer.start()
    assert bell.wait(10) is True
    ringer.join()


def test_a_handler_in_the_waiting_thread_ends_the_wait() -> None:
    bell = Bell()
    before = signal.signal(signal.SIGUSR2, lambda number, frame: bell.ring())
    caller = threading.Thread(target=lambda: (time.sleep(0.05), os.kill(os.getpid(), signal.SIGUSR2)))
    caller.start()
    try:
        assert bell.wait(10) is True
    finally:
        caller.join()
        signal.signal(signal.SIGUSR2, before)
