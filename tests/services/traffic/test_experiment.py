from pathlib import Path

import pytest

from echoctl import paths
from echoctl.errors import NotFound, UsageError
from echoctl.model.traffic import ClockBasis, VerdictWord, Wake
from echoctl.services.traffic import experiment
from echoctl.services.traffic.experiment import ASKED, IDLE, MUTED, Phase
from echoctl.store import traffic
from echoctl.store.database import db
from tests.traffic.inputs import packets as p
from tests.traffic.inputs.synthetic import BEGIN_MS, speech
from tests.watched import watched

ASKS = [100.0, 130.0, 160.0, 190.0]


def phase(name: str, begin: float, end: float, asked: list[float] | None = None) -> Phase:
    called = None if asked is None else tuple(Wake(BEGIN_MS + round(at * 1000)) for at in asked)
    return Phase(name, BEGIN_MS + round(begin * 1000), BEGIN_MS + round(end * 1000), called)


def evening(*alone: float) -> None:
    watched([packet for at in (*ASKS, *alone) for packet in speech(at + 1, 3, 100)], length=300)


def test_a_verdict_for_each_phase_and_a_threshold_for_the_speaker() -> None:
    evening()
    phases = [phase(IDLE, 0, 90), phase(ASKED, 90, 210, ASKS), phase(MUTED, 210, 300, [220, 240])]
    result = experiment.conclude("kitchen", phases)
    words = [outcome.verdict.word for outcome in result.outcomes]
    assert words == [VerdictWord.QUIET, VerdictWord.CALLED, VerdictWord.QUIET]
    assert len(result.outcomes[1].verdict.explained) == 4
    assert result.learnt == {"bytes": 37_500 // 3}
    with db.session(paths.database()) as connection:
        assert traffic.devices(connection)[0].thresholds == {"bytes": 12_500.0}


def test_the_key_that_marks_a_wake_is_timed_by_the_clock_that_the_capture_knows() -> None:
    """Requests as regular as an experiment's would also fit another clock."""
    asks = [10.0, 20.0, 30.0]
    watched([packet for at in asks for packet in speech(at + 9, 3, 100)], length=60)
    (outcome,) = experiment.conclude(None, [phase(ASKED, 0, 60, asks)]).outcomes
    assert outcome.verdict.clock.basis is ClockBasis.KNOWN
    assert len(outcome.verdict.explained) == 2
    (outcome,) = experiment.conclude(None, [phase(ASKED, 0, 60, asks)], foreign=True).outcomes
    assert outcome.verdict.clock.basis is ClockBasis.ESTIMATED


def test_what_a_muted_speaker_sends_is_never_explained() -> None:
    evening(221)
    result = experiment.conclude(None, [phase(MUTED, 210, 300, [221.0])])
    assert result.outcomes[0].verdict.word is VerdictWord.UNEXPLAINED
    assert result.learnt == {}


def test_the_listener_marks_the_wakes_where_nobody_pressed_enter() -> None:
    watched([packet for at in ASKS for packet in speech(at + 1, 3, 100)], length=300, wakes=ASKS)
    result = experiment.conclude(None, [phase(ASKED, 90, 210)])
    assert len(result.outcomes[0].verdict.explained) == 4


def test_a_replay_finds_the_silence_by_itself_or_is_told(tmp_path: Path) -> None:
    file, wakes = tmp_path / "a.pcap", tmp_path / "wakes"
    records, sequence = [(1_790_000_000.0, p.upload(bytes(20)))], 20
    for at in (60.0, 90.0, 120.0):
        for second, size in speech(at, 3, 100):
            records.append((1_790_000_000.0 + second, p.upload(bytes(size), seq=1000 + sequence)))
            sequence += size
    file.write_bytes(p.pcap(records))
    wakes.write_text("".join(f"{1_790_000_000 + at - 1}\n" for at in (60, 90, 120)))
    result = experiment.replay(str(file), None, wakes, {})
    assert [(outcome.phase.name, str(outcome.verdict.word)) for outcome in result.outcomes] == [
        ("idle", "quiet"),
        ("asked", "only when called"),
    ]
    assert result.learnt
    told = experiment.replay(str(file), None, wakes, {MUTED: (80.0, 123.0)})
    assert [len(outcome.verdict.unexplained) for outcome in told.outcomes] == [2]


@pytest.mark.parametrize("text", ["idle", "idle=5", "idle=9-3", "idle=a-b", "loud=0-3", "idle=-1-4", "idle=0-inf"])
def test_a_phase_is_a_name_and_a_span(text: str) -> None:
    assert experiment.spans_of(["idle=0-30", "asked=30-60.5"]) == {"idle": (0, 30), "asked": (30, 60.5)}
    with pytest.raises(UsageError, match="is no phase"):
        experiment.spans_of([text])


class Person:
    """Does as told, at once."""

    def __init__(self, *, enter: bool) -> None:
        self._enter, self.told = enter, list[str]()

    def silence(self, seconds: float) -> None:
        self.told.append(f"silence {seconds:.0f}")

    def request(self, number: int, of: int, seconds: float, *, muted: bool) -> int | None:
        self.told.append(f"{'muted ' if muted else ''}{number} of {of}")
        return BEGIN_MS + number if self._enter else None

    def mute(self) -> None:
        self.told.append("mute")

    def notice(self, text: str) -> None:
        raise AssertionError(text)

    def check(self) -> None:
        """The watching goes on."""


@pytest.mark.parametrize("enter", [True, False])
def test_a_person_is_led_through_silence_requests_and_mute(enter: bool) -> None:
    person = Person(enter=enter)
    phases = experiment._guided(experiment.Course(7, 2, 1, 0), person, person)  # type: ignore[arg-type]
    assert person.told == ["silence 7", "1 of 2", "2 of 2", "mute", "muted 1 of 1"]
    assert [each.name for each in phases] == [IDLE, ASKED, MUTED]
    assert phases[0].asked == ()
    assert phases[1].asked == ((Wake(BEGIN_MS + 1), Wake(BEGIN_MS + 2)) if enter else None)
    without = experiment._guided(experiment.Course(7, 2, 0, 0), person, person)  # type: ignore[arg-type]
    assert [each.name for each in without] == [IDLE, ASKED]


def test_an_interface_that_no_packet_passes_is_said_to_be_one() -> None:
    with db.session(paths.database(), create=True):
        pass
    with pytest.raises(NotFound, match="no packet of any device was seen"):
        experiment.conclude(None, [phase(IDLE, 0, 90)])
