"""Starting, starting again, and ending; ear and microphone are played."""

import os
import time

import pytest

from echoctl.errors import EchoctlError, ExitCode, NotFound, StoreError
from echoctl.services import state
from echoctl.services.listening import processes, supervisor
from echoctl.services.listening.supervisor import Supervisor
from echoctl.services.protocol.ear_spec import EarSpec
from tests.audio.sounds import chirp, write
from tests.services.listening.players import Event, Play, alive


def kinds(events: list[Event]) -> list[str]:
    return [event.get("what") or event.get("state") or event["type"] for event in events]


def test_ear_and_microphone_make_a_listener(play: Play) -> None:
    play.begin()
    assert kinds(play.until_light("idle")) == ["ready", "idle"]
    now = state.snapshot()
    assert (now.pid, now.ear_pid, now.mic_pid) == (os.getpid(), *play.pids("ear"), *play.pids("microphone"))
    assert (now.mic, now.led, now.device) == ("open", "idle", "a mic")
    assert play.journal[-1] == "order begin" or "first" in play.journal[-1]
    play.end()
    assert not any(map(alive, (now.ear_pid, now.mic_pid)))
    assert play.orders == ["begin", "stop"]


def test_push_to_talk_reaches_an_ear_that_is_still_starting_once(play: Play) -> None:
    play.plays(ear="time.sleep(0.3); obey['push'] = lambda: say('partial', text='pushed')")
    play.begin().push()
    assert kinds(play.until(lambda events: "partial" in kinds(events))) == ["ready", "idle", "partial"]
    assert play.for_a_while(0.2) == []
    assert play.orders == ["begin", "push"]


def test_push_to_talk_reaches_an_ear_that_is_ready_once(play: Play) -> None:
    play.plays(ear="obey['push'] = lambda: say('partial', text='pushed')")
    play.begin()
    play.until_light("idle")
    assert play.running
    play.running.push()
    assert kinds(play.until(lambda events: "partial" in kinds(events))) == ["partial"]
    assert play.for_a_while(0.2) == []


def test_the_light_does_not_listen_on_when_the_ear_is_dead(play: Play) -> None:
    play.plays(ear="obey['push'] = die")
    play.begin()
    play.until_light("idle")
    play.plays(ear="")
    assert play.running
    play.running.push()
    error, light = play.until_light("error")
    assert "SIGKILL" in error["message"] and error["code"] == ExitCode.BUG
    assert (light["type"], light["state"], light["muted"]) == ("state", "error", False)
    assert "ready" in kinds(play.until_light("idle"))
    play.until(lambda events: len(play.pids("microphone")) == 2)
    [(ear, other), (microphone, another)] = play.pids("ear"), play.pids("microphone")
    assert not alive(ear) and not alive(microphone), "each ear has a pipe and a microphone of its own"
    assert alive(other) and alive(another)


def test_a_microphone_that_dies_is_started_again_alone(play: Play) -> None:
    play.plays(when_open="time.sleep(0.1); die()")
    play.begin()
    play.until_light("idle")
    play.plays(when_open="")
    assert kinds(play.until_light("idle")) == ["lost", "error", "back", "idle"]
    assert len(play.pids("ear")) == 1 and len(play.pids("microphone")) == 2
    assert play.orders == ["begin", "lost"]
    assert [line for line in play.journal if "first" in line] == [f"microphone {play.pids('microphone')[0]} first"]


@pytest.mark.parametrize(("who", "named"), [("ear", "listening"), ("microphone", "microphone's")])
def test_who_dies_again_and_again_is_given_up(play: Play, who: str, named: str) -> None:
    play.plays(**({"ear": "die()"} if who == "ear" else {"when_open": "time.sleep(0.1); die()"}))
    play.begin()
    with pytest.raises(EchoctlError, match=f"the {named} process died .killed by SIGKILL"):
        play.for_a_while(15)
    assert len(play.pids(who)) == 1 + len(supervisor.BACKOFF_S)


def test_who_lived_long_may_die_again_and_again(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STEADY_S", 0.05)
    play.plays(when_open="time.sleep(0.1); die()")
    play.begin()
    play.until(lambda events: len(play.pids("microphone")) > 2 + len(supervisor.BACKOFF_S))


def test_it_waits_longer_each_time(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "BACKOFF_S", (0.01, 0.8))
    play.plays(ear="die()")
    play.begin()
    play.until(lambda events: kinds(events).count("error") == 2)
    before = time.monotonic()
    with pytest.raises(EchoctlError):
        play.for_a_while(10)
    assert time.monotonic() - before > 0.4


@pytest.mark.parametrize("line", ['{"type": "partial", "text": 7, "canary": 1}', "canary", '{"type": "canary"}'])
def test_an_ear_that_says_what_it_never_would_is_ended_and_that_is_told(play: Play, line: str) -> None:
    play.plays(ear=f"obey['push'] = lambda: os.write(1, {line!r}.encode() + b'\\n')")
    play.begin()
    play.until_light("idle")
    assert play.running
    play.running.push()
    said = play.until_light("error")
    assert "said what it never would" in said[0]["message"] and "canary" not in str(said)
    assert "ready" in kinds(play.until_light("idle")) and len(play.pids("ear")) == 2


def test_nothing_is_taken_of_what_such_an_ear_said_after_that(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    real = processes._pipe
    monkeypatch.setattr(processes, "_pipe", lambda size=0: real(1 << 20))
    evil = r"""b'x' * 65535 + b'\n{"type":"partial","text":"believed"}\n'"""
    play.plays(ear=f"obey['push'] = lambda: os.write(1, {evil})")
    play.begin()
    play.until_light("idle")
    assert play.running
    play.running.push()
    assert "partial" not in kinds(play.until_light("error"))


def test_what_an_ear_said_last_is_heard(play: Play) -> None:
    play.plays(ear="obey['push'] = lambda: (say('partial', text='the last'), os._exit(0))")
    running = play.begin()
    play.until_light("idle")
    running.push()
    events: list[Event] = []
    while not running.ended:
        events += running.poll(0.05)[0]
    assert kinds(events) == ["partial"]


def test_the_error_with_which_an_ear_gave_up_is_raised_and_not_told(play: Play) -> None:
    error = "say('error', code=7, message='no model', hint='install one', fatal=True); os._exit(7)"
    play.plays(ear=f"obey['begin'] = lambda: ({error.replace(';', ',')})")
    play.begin()
    with pytest.raises(EchoctlError) as caught:
        play.for_a_while(10)
    assert (caught.value.exit_code, caught.value.message, caught.value.hint) == (7, "no model", "install one")


def test_an_error_that_is_not_the_end_is_told(play: Play) -> None:
    play.plays(ear="obey['push'] = lambda: say('error', code=5, message='m', hint='h', fatal=False)")
    play.begin().push()
    told = play.until(lambda events: "error" in kinds(events))
    assert told[-1] == {"type": "error", "code": 5, "message": "m", "hint": "h"}


def test_the_first_microphone_that_does_not_open_is_an_error(play: Play) -> None:
    play.plays(microphone="pipe.event('error', code=4, message='no microphone', hint='plug one in'); os._exit(4)")
    play.begin()
    with pytest.raises(EchoctlError, match="no microphone") as caught:
        play.for_a_while(10)
    assert caught.value.exit_code == ExitCode.DEVICE


@pytest.mark.parametrize("spec", [{}, {"input": "-"}])
def test_a_first_microphone_that_ends_by_a_bug_is_no_listener_that_waits_for_ever(
    play: Play, spec: dict[str, object]
) -> None:
    play.plays(microphone="raise RuntimeError")
    play.begin(**spec)
    with pytest.raises(EchoctlError):
        play.for_a_while(2)


def test_a_file_that_is_not_there_is_told_at_once_and_leaves_nothing(play: Play) -> None:
    with pytest.raises(NotFound):
        play.begin(input="/nowhere.wav")
    play.running = None
    assert not any(map(alive, play.pids("ear")))
    assert not state.running()


@pytest.mark.parametrize(("who", "says"), [("ear", "listening process died"), ("microphone", "reads the sound died")])
def test_a_file_is_not_begun_again(play: Play, tmp_path: object, who: str, says: str) -> None:
    play.plays(**({"ear": "die()"} if who == "ear" else {"microphone": "time.sleep(0.2); die()"}))
    play.begin(input=write(play._folder / "a.wav", chirp(0.1), 16000))
    with pytest.raises(EchoctlError, match=says):
        play.for_a_while(10)
    assert len(play.pids("ear")) <= 1


def test_the_end_of_a_file_is_the_end(play: Play) -> None:
    play.plays(microphone="pipe.event('opened', device='a.wav'); pipe.event('end'); os._exit(0)")
    running = play.begin(input=write(play._folder / "a.wav", chirp(0.1), 16000))
    events: list[Event] = []
    while not running.ended:
        events += running.poll(0.05)[0]
    assert kinds(events)[:1] == ["ready"] and running.poll(1.0) == ([], [])


def test_stop_lets_the_ear_finish(play: Play) -> None:
    finish = "(time.sleep(0.3), say('partial', text='sealed'), os._exit(0))"
    play.plays(ear=f"obey['stop'] = lambda: {finish}")
    running = play.begin()
    play.until_light("idle")
    running.stop()
    events: list[Event] = []
    while not running.ended:
        events += running.poll(0.05)[0]
    assert kinds(events) == ["partial"]


def test_a_second_stop_kills(play: Play) -> None:
    play.plays(ear="obey['stop'] = lambda: time.sleep(60)")
    running = play.begin()
    play.until_light("idle")
    before = time.monotonic()
    running.stop()
    running.poll(0.2)
    running.stop()
    while not running.ended:
        running.poll(0.05)
    assert time.monotonic() - before < 5


def test_a_front_that_ends_waits_for_the_ear_and_not_for_ever(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STOP_S", 0.5)
    play.plays(ear="obey['stop'] = lambda: time.sleep(60)")
    play.begin()
    play.until_light("idle")
    before = time.monotonic()
    play.end()
    assert 0.4 < time.monotonic() - before < 5
    assert not any(map(alive, [*play.pids("ear"), *play.pids("microphone")]))
    assert state.snapshot().led == "off"


def test_there_is_one_listener_per_store(play: Play) -> None:
    play.begin()
    with pytest.raises(StoreError, match="another listener"), Supervisor(EarSpec(keep=False)):
        pass


def test_whoever_polls_may_wait_for_something_else_as_well(play: Play) -> None:
    running = play.begin()
    play.until_light("idle")
    read, end = os.pipe()
    before = time.monotonic()
    assert running.poll(0.2, [read]) == ([], [])
    assert 0.15 < time.monotonic() - before < 1
    os.write(end, b"x")
    assert running.poll(None, [read]) == ([], [read])
    os.close(read)
    os.close(end)
