import pytest

from echoctl.errors import ExitCode, UsageError
from echoctl.model import Detection, NearMiss, Word
from echoctl.speech import lanes, wake
from echoctl.speech.spotters import Heard
from echoctl.speech.words import nearest
from tests.speech.fakes import LOUD, QUIET, FakeModel, FakeRecogniser, Tape


class ScriptedSpotter:
    """Gives the scores that were written down, then 0."""

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)
        self.fed = 0
        self.resets = 0

    def feed(self, chunk: bytes) -> float:
        self.fed += 1
        return self.scores.pop(0) if self.scores else 0.0

    def reset(self) -> None:
        self.resets += 1


def neural(spotter: ScriptedSpotter, tape: Tape, hears: Heard | None) -> lanes.NeuralLane:
    check = lambda pcm: hears  # noqa: E731 - the shortest fake of a PhraseCheck
    second = lanes.SecondStage(check, check, None)  # type: ignore[arg-type]
    return lanes.NeuralLane("alexa", spotter, 0.05, second, tape.recent)


def detector(monkeypatch: pytest.MonkeyPatch, lane: lanes.Lane, tape: Tape) -> wake.WakeDetector:
    monkeypatch.setattr(wake, "_lanes", lambda *args: [lane])
    return wake.WakeDetector(["alexa"], FakeModel("alexa"), recent=tape.recent, thresholds={})


def run(detector: wake.WakeDetector, tape: Tape, chunks: list[bytes]) -> list[Detection | NearMiss | None]:
    return [detector.feed(tape.add(chunk)) for chunk in chunks]


def test_what_both_stages_find_is_a_detection_with_the_grammars_times(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(*[0.0] * 29, 0.6)
    lane = neural(spotter, tape, Heard(1.0, 1.5, 0.9))
    found = run(detector(monkeypatch, lane, tape), tape, [LOUD] * 30)
    assert found[:29] == [None] * 29
    hit = found[29]
    assert isinstance(hit, Detection)
    assert (hit.word, hit.t) == ("alexa", 2.4)
    assert (hit.start, hit.end) == pytest.approx((2.4 - 1.8 + 1.0, 2.4 - 1.8 + 1.5))
    assert hit.scores == {"spotter": 0.6, "grammar": 0.9}


def test_what_the_second_stage_denies_is_one_near_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(0.0, 0.6)
    found = run(detector(monkeypatch, neural(spotter, tape, None), tape), tape, [LOUD] * 20)
    told = [f for f in found if f]
    assert len(told) == 1
    assert isinstance(told[0], NearMiss)
    assert told[0].scores == {"spotter": 0.6}


def test_no_second_wake_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(*[0.6] * 60)
    found = run(detector(monkeypatch, neural(spotter, tape, Heard(1, 1.5, 1)), tape), tape, [LOUD] * 60)
    times = [f.t for f in found if isinstance(f, Detection)]
    assert times == pytest.approx([0.08, 2.08, 4.08])
    assert not any(isinstance(f, NearMiss) for f in found)


def test_nothing_runs_in_silence_and_the_onset_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter()
    subject = detector(monkeypatch, neural(spotter, tape, None), tape)
    run(subject, tape, [QUIET] * 100)
    assert spotter.fed == 0
    run(subject, tape, [LOUD])
    assert spotter.fed == 7  # 0.48 s and the chunk itself


def test_reset_reaches_the_spotter_and_keeps_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(0.0, 0.0, 0.6)
    subject = detector(monkeypatch, neural(spotter, tape, Heard(1, 1.5, 1)), tape)
    run(subject, tape, [LOUD] * 2)
    subject.reset()
    assert spotter.resets == 1
    tape.pcm = b""
    (hit,) = run(subject, tape, [LOUD])
    assert isinstance(hit, Detection)
    assert hit.t == pytest.approx(0.24)


def test_a_typed_word_is_decided_on_the_final_result() -> None:
    said = iter([None, None, [Word("computer", 0.05, 0.15, 0.95)]])
    model = FakeModel("computer", lambda grammar: FakeRecogniser(lambda pcm: next(said)))
    lane = lanes.GrammarLane(["computer"], model, {})
    found = [lane.feed(LOUD, t, awake=True) for t in (1.08, 1.16, 1.24)]
    assert found[:2] == [None, None]
    assert isinstance(found[2], Detection)
    assert (found[2].start, found[2].end) == pytest.approx((1.05, 1.15))
    assert model.grammars == [["computer", "[unk]"]]


def test_an_unknown_word_is_refused_with_a_suggestion() -> None:
    model = FakeModel("computer compute echo")
    with pytest.raises(UsageError, match="computr") as caught:
        wake.WakeDetector(["computr"], model, recent=Tape().recent, thresholds={})
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.hint == "did you mean computer or compute?"


@pytest.mark.parametrize("words", [[], [""], ["  "]])
def test_no_word_at_all_is_refused(words: list[str]) -> None:
    with pytest.raises(UsageError, match="wake word"):
        wake.WakeDetector(words, FakeModel(""), recent=Tape().recent, thresholds={})


def test_suggestions_are_the_closest_first() -> None:
    assert nearest("zigy", FakeModel("ziggy zig wiggy")) == ["ziggy", "zig"]
    assert nearest("alexxaa", FakeModel("alexa")) == ["alexa"]
    assert nearest("qqqqqq", FakeModel("alexa")) == []
