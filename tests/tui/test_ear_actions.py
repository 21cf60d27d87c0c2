"""Mute, talk and listen, without an ear; with a real one they are in test_tmux.py."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import DeviceError, ExitCode, StoreError
from echoctl.model.listener import Snapshot
from echoctl.services import state
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.tui.live_state import Role
from tests.tui.stage import IDLE, MUTED, READY, Scene, snapshot, stage


async def test_space_says_why_there_is_no_request(vault: Path) -> None:
    async with stage() as on:
        await on.press("space")
        await on.sees("no listener is running")
        on.hear(READY, MUTED)
        await on.press("space")
        await on.sees("m opens the microphone")


async def test_a_listener_that_fails_is_a_sentence_and_s_tries_again(vault: Path) -> None:
    async with stage() as on:
        on.hear(READY, IDLE)
        on.app.ear.ear_ended(DeviceError("there is no microphone", "plug one in"))
        await on.sees("there is no microphone: plug one in")
        await on.sees("! ERROR")
        assert on.app.live.now.role is Role.NONE


async def test_an_ear_that_ends_beside_a_damaged_database_is_no_bug(vault: Path) -> None:
    async with stage() as on:
        on.hear(READY, IDLE)
        Path(paths.database()).write_bytes(b"no database at all" * 500)
        with pytest.raises(StoreError):
            state.snapshot()
        on.app.ear.ear_ended(None)
        assert on.app.live.now.role is Role.NONE


async def test_a_plugin_that_fails_is_said_and_listening_goes_on(store: Path) -> None:
    async with stage() as on:
        on.hear(
            READY, IDLE, {"type": "error", "code": ExitCode.PLUGIN, "message": "chatty failed", "hint": "remove it"}
        )
        assert "chatty failed" in on.app.keybar.message
        assert on.app.live.now.role is Role.OWN
        on.app.say("")
        on.hear({"type": "error", "code": ExitCode.DEVICE, "message": "the microphone is gone", "hint": "plug it in"})
        assert on.app.keybar.message == "", "what ends listening is said by the pane that shows it"


async def test_the_end_of_another_listener_is_said(store: Path) -> None:
    async with stage() as on:
        await without_store(on)
        on.app.ear.store_changed(snapshot(pid=os.getppid()))
        await on.sees(f"live in the terminal of pid {os.getppid()}")
        on.app.ear.store_changed(snapshot(listening=False))
        await on.sees("that listener has ended; s listens here")
        on.app.say("")
        on.app.ear.store_changed(snapshot(listening=False, muted=True))
        assert on.app.keybar.message == "", "once"


async def test_s_leaves_the_listener_of_another_terminal_alone(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as on:
        await without_store(on)
        monkeypatch.setattr(state, "running", lambda: ["listener"])
        on.app.live.now = replace(on.app.live.now, role=Role.OTHER, pid=4711)
        await on.press("s")
        await on.sees("the listener with pid 4711 belongs to another terminal")
        assert not on.app.ear.listened


async def test_s_listens_beside_the_listener_of_another_microphone(vault: Path) -> None:
    with Presence(EarSpec(device="another")):
        async with stage() as on:
            await on.press("s")
            assert on.app.ear.listened


async def test_how_many_listen_is_shown(store: Path) -> None:
    async with stage() as on:
        await without_store(on)
        one = snapshot(pid=os.getppid())
        on.app.ear.store_changed(Snapshot(one, listeners=(one, one, one)))
        await on.sees("x (open), and 2 more listen")


async def without_store(on: Scene) -> None:
    """Let the store tell nothing more, so that what a test tells in its place stays."""
    assert on.app._store is not None
    on.app._store.stop()
    await on.pilot.pause()
