"""Entering the sandbox: how far it can be done here, and what is covered. The ear and the audit do it alike."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from echoctl import paths
from echoctl.errors import DeviceError, EchoctlError, Refused
from echoctl.model.listener import SandboxLevel, SandboxPolicy
from echoctl.sandbox import attestation, brokers, counters, landlock, namespaces, seccomp, syscalls

_ROOT_KEEPS = frozenset({1, 2})
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: root reads and writes everybody's files, also in the sandbox."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What holds."""

    holds: str
    """A SandboxLevel."""
    why: str = ""
    """Why it is not more, when it is not all."""
    hidden: tuple[str, ...] = ()
    """Folders and sockets that this process sees empty."""

    def fields(self) -> dict[str, object]:
        """As the `ready` event carries it."""
        sent = counters.sent_bytes(os.getpid()) if self.holds == SandboxLevel.NAMESPACE else None
        return {"holds": self.holds, "sent_bytes": sent, "why": self.why}


NO_SANDBOX = Sandbox(SandboxLevel.NONE, "--no-sandbox")


def enter(policy: str, *, reads: Sequence[str] = ()) -> Sandbox:
    """Shut this process in as well as it can be done here, for good. Call it before there is a second thread.

    `policy`: a SandboxPolicy. `reads`: paths that must stay in sight whatever they lie in.
    Raises Refused when a sandbox is required and there is none.
    """
    if policy == SandboxPolicy.OFF:
        return NO_SANDBOX
    done = _enter(reads) if sys.platform == "linux" else outlook()
    if policy == SandboxPolicy.REQUIRE and done.holds == SandboxLevel.NONE:
        raise Refused(
            f"the listener cannot be sandboxed here: {done.why}", "leave --require-sandbox out to listen all the same"
        )
    return done


def outlook() -> Sandbox:
    """What `enter` would achieve here, without doing it or making anything."""
    if sys.platform != "linux":
        return Sandbox(SandboxLevel.NONE, "only Linux has what it takes")
    if not syscalls.machine():
        return Sandbox(SandboxLevel.NONE, "there is no filter for this machine")
    why = namespaces.obstacle([])
    return Sandbox(SandboxLevel.SECCOMP if why else SandboxLevel.NAMESPACE, why)


def check_sound_server(holds: str) -> None:
    """Raise DeviceError when the microphone is across a network that was just given up."""
    if holds != SandboxLevel.NONE and (server := brokers.remote_sound(os.environ)):
        raise DeviceError(
            f"the sound server {server} is across the network, where a sandboxed listener cannot reach it",
            "use a local one, or give up the sandbox: echoctl listen --no-sandbox",
        )


def _enter(reads: Sequence[str]) -> Sandbox:
    keys = _keys()
    why = namespaces.obstacle(keys)
    if why:
        hidden = _without_namespace(keys)
    else:
        keep = [paths.data_dir(), paths.state_dir(), paths.cache_dir(), *paths.model_dirs(), *reads]
        hidden = namespaces.enter(keys, brokers.found(os.environ, keep))
    try:
        syscalls.drop_capabilities(_ROOT_KEEPS if os.geteuid() == 0 else frozenset())
        seccomp.install()
    except OSError as error:
        return Sandbox(SandboxLevel.NONE, f"{error.filename}: {error.strerror}", tuple(hidden))
    if handed := attestation.inherited():  # what is open stays open: a sandbox is about what can be made
        return Sandbox(SandboxLevel.NONE, f"it was handed a network socket (descriptor {handed[0]})", tuple(hidden))
    return Sandbox(SandboxLevel.SECCOMP if why else SandboxLevel.NAMESPACE, why, tuple(hidden))


def _keys() -> list[str]:
    """The folder of the keys, made where it is missing, so that a key that comes later is out of sight too."""
    try:
        return [paths.private_dir(paths.keys_dir())]
    except EchoctlError:  # doctor says what is wrong with it
        return []


def _without_namespace(keys: list[str]) -> list[str]:
    """The keys at least, where the kernel can."""
    try:
        for folder in keys:
            landlock.hide(folder, paths.data_dir())
    except OSError:
        return []
    return keys
