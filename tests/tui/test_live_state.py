import os
from dataclasses import replace

from echoctl.errors import DeviceError
from echoctl.model.listener import Snapshot
from echoctl.model.speech import LedState
from echoctl.tui.live_state import PAST, Now, Role, ended, heard, seen
from tests.tui.stage import ERROR, IDLE, LEVEL, LISTENING, MUTED, PARTIAL, READY, TRANSCRIPT, WAKE, snapshot

OWN = Now(role=Role.OWN)


def after(*events: dict[str, object]) -> Now:
    now = OWN
    for event in events:
        now = heard(now, event)
    return now


def test_a_request_from_its_wake_word_to_its_text() -> None:
    now = after(READY, IDLE, WAKE, LISTENING, LEVEL, PARTIAL)
    assert (now.led, now.partial, now.level) == (LedState.LISTENING, "turn on the kitchen", 0.6)
    assert now.last is not None and now.last.text is None
    now = heard(heard(now, TRANSCRIPT), IDLE)
    assert (now.partial, now.level, now.score) == ("", 0.0, 0.0)
    assert now.last is not None and (now.last.word, now.last.text) == ("alexa", "turn on the kitchen light")


def test_push_to_talk_has_no_wake_word() -> None:
    now = after(WAKE, LISTENING, TRANSCRIPT, IDLE, LISTENING, {**TRANSCRIPT, "text": "good night"})
    assert now.last is not None and (now.last.word, now.last.text) == ("", "good night")


def test_mute_takes_the_words_away() -> None:
    now = after(LISTENING, LEVEL, PARTIAL, MUTED)
    assert (now.led, now.partial, now.level, now.by) == (LedState.MUTED, "", 0.0, "echoctl mute")


def test_levels_do_not_grow_for_ever() -> None:
    now = after(*[LEVEL] * (PAST * 3))
    assert len(now.past) == PAST


def test_trouble_stays_until_it_is_over() -> None:
    now = after(READY, {"type": "device", "what": "lost", "reason": "ended", "device": "x"}, ERROR)
    assert now.trouble == "microphone lost: ended"
    assert heard(now, {"type": "device", "what": "back", "device": "y"}).trouble == ""
    assert heard(now, IDLE).trouble == ""


def test_an_unknown_event_changes_nothing() -> None:
    assert heard(OWN, {"type": "from the future"}) == OWN


def test_the_store_speaks_for_other_listeners_and_the_pipe_for_ours() -> None:
    other = seen(Now(partial="old", level=0.5), snapshot(led="listening"))
    assert (other.role, other.led, other.pid, other.partial, other.level) == (Role.OTHER, "listening", 7, "", 0.0)
    assert (other.sandbox, other.sandboxed) == ("not sandboxed", False)
    ours = seen(replace(OWN, led=LedState.THINKING), snapshot(led="listening"))
    assert (ours.role, ours.led, ours.counters) == (Role.OWN, LedState.THINKING, {"wakes": 3})
    assert (ours.mic, seen(ours, snapshot(listening=False)).mic) == ("open", "closed")


def test_our_own_listener_is_shown_though_another_one_is_spoken_to() -> None:
    own = snapshot(led="muted", mic="closed", pid=os.getpid(), counters={"wakes": 1}, sandbox="full")
    other = snapshot(led="listening", mic="open", pid=os.getppid(), counters={"wakes": 9})
    now = seen(heard(Now(), READY), Snapshot(other, listeners=(other, own)))
    assert (now.role, now.mic, now.counters, now.sandboxed, now.more) == (Role.OWN, "closed", {"wakes": 1}, True, 1)


def test_an_ear_that_fails_leaves_a_sentence() -> None:
    now = ended(after(READY, LISTENING, PARTIAL), DeviceError("no microphone", "plug one in"))
    assert (now.role, now.led, now.partial, now.trouble) == (Role.NONE, "error", "", "no microphone: plug one in")
    assert ended(OWN, None).led is LedState.OFF
    assert ended(replace(OWN, muted=True), None).led is LedState.MUTED


def test_a_look_at_the_store_does_not_hide_why_the_ear_failed() -> None:
    failed = ended(Now(role=Role.STARTING), DeviceError("no microphone", "plug one in"))
    for stale_or_fresh in (snapshot(pid=os.getpid()), snapshot(listening=False)):
        now = seen(failed, stale_or_fresh)
        assert (now.role, now.led, now.trouble) == (Role.NONE, "error", "no microphone: plug one in")
    assert seen(failed, snapshot(listening=False, muted=True, led="muted")).led is LedState.MUTED
    others = seen(failed, snapshot())
    assert (others.role, others.led, others.trouble) == (Role.OTHER, "idle", "")
