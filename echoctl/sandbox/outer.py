"""Two processes where there was one: the inner goes on as number 1 of a new PID namespace, the outer keeps it.

The outer is what the one that started it knows: it passes SIGTERM on and ends as the inner ends. Neither outlives the
other, nor the one that started them. Number 1 is special: a signal for which it has no handler is ignored, even
SIGTERM (SIGKILL from outside and its own faults are not), so what is to end on a signal must handle it.
"""

import contextlib
import os
import resource
import select
import signal
from typing import NoReturn

from echoctl.sandbox import filters, syscalls


def split(parent: int) -> None:
    """Fork; returns in the inner process alone. Only while there is one thread, after unshare(CLONE_NEWPID).

    `parent`: who started this process. It is the *thread* that did so whose end ends both.
    """
    alive, held = os.pipe()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored nobody learns how a child ended
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    inner = os.fork()
    if inner:
        try:
            _keep(inner, parent, held)
        finally:  # the inner process ends with this one
            os._exit(1)
    os.close(held)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    syscalls.call("prctl", syscalls.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    look = select.poll()  # a parent outside of the namespace has no number here that could have changed
    look.register(alive, 0)
    if look.poll(0):
        os._exit(1)
    os.close(alive)


def follow(parent: int) -> None:
    """Die with `parent`, the number of the one that started this process; also if it has died already."""
    syscalls.call("prctl", syscalls.PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _keep(inner: int, parent: int, held: int) -> NoReturn:
    follow(parent)
    os.closerange(0, held)  # a pipe that stays open here would never end for the other side
    os.closerange(held + 1, os.sysconf("SC_OPEN_MAX"))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    syscalls.drop_capabilities(frozenset())
    with contextlib.suppress(OSError):  # on a machine without filters
        filters.wait_for(inner)
    while True:
        if signal.sigwait({signal.SIGTERM, signal.SIGCHLD}) == signal.SIGTERM:
            os.kill(inner, signal.SIGTERM)
        ended, status = os.waitpid(inner, os.WNOHANG)
        if ended:
            _end_as(status)


def _end_as(status: int) -> NoReturn:
    """End as a process with this wait status did."""
    if not os.WIFSIGNALED(status):
        os._exit(os.WEXITSTATUS(status))
    by = os.WTERMSIG(status)
    syscalls.call("prctl", syscalls.PR_SET_DUMPABLE, 0, 0, 0, 0)  # it is not this one that crashed
    if by != signal.SIGKILL:
        signal.signal(by, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {by})
    os.kill(os.getpid(), by)
    os._exit(128 + by)
