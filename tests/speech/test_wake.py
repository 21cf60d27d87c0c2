import pytest

from echoctl.errors import ExitCode, UsageError
from echoctl.model.speech import BYTES_PER_SECOND, Detection, NearMiss, Word
from echoctl.speech import neural_detector as stages
from echoctl.speech import wake
from echoctl.speech.spotters import UNKNOWN, PhraseCheck
from echoctl.speech.words import nearest
from tests.speech.fakes import LOUD, QUIET, FakeModel, FakeRecogniser, Tape

ALEXA = Word("alexa", 1.0, 1.5, 1.0)


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


def hears(*words: Word) -> FakeModel:
    """A model whose every recogniser hears these words at the end of whatever it is given."""
    return FakeModel("alexa computer", lambda grammar: FakeRecogniser(lambda pcm: words))


def neural(spotter: ScriptedSpotter, tape: Tape, *words: Word) -> stages.NeuralDetector:
    second = stages.SecondStage("alexa", hears(*words), None)
    return stages.NeuralDetector("alexa", spotter, 0.05, second, tape.recent)


def detector(monkeypatch: pytest.MonkeyPatch, lane: stages.WordDetector, tape: Tape) -> wake.WakeDetector:
    monkeypatch.setattr(wake, "_detectors", lambda *args: [lane])
    return wake.WakeDetector(["alexa"], FakeModel("alexa"), recent=tape.recent, thresholds={})


def run(detector: wake.WakeDetector, tape: Tape, chunks: list[bytes]) -> list[Detection | NearMiss | None]:
    return [detector.feed(tape.add(chunk), len(tape.pcm) / BYTES_PER_SECOND) for chunk in chunks]


def test_what_both_stages_find_is_a_detection_with_the_grammars_times(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(*[0.0] * 29, 0.6)
    lane = neural(spotter, tape, Word("alexa", 1.0, 1.5, 0.9))
    found = run(detector(monkeypatch, lane, tape), tape, [LOUD] * 30)
    assert found[:29] == [None] * 29
    hit = found[29]
    assert isinstance(hit, Detection)
    assert (hit.word, hit.t) == ("alexa", 2.4)
    assert (hit.start, hit.end) == pytest.approx((2.4 - 1.8 + 1.0, 2.4 - 1.8 + 1.5))
    assert hit.scores == {"spotter": 0.6, "grammar": 0.9}


def test_what_the_second_stage_denies_is_one_near_miss(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(0.0, 0.6)
    found = run(detector(monkeypatch, neural(spotter, tape), tape), tape, [LOUD] * 20)
    told = [f for f in found if f]
    assert len(told) == 1
    assert isinstance(told[0], NearMiss)
    assert told[0].scores == {"spotter": 0.6}


def test_no_second_wake_within_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(*[0.6] * 60)
    found = run(detector(monkeypatch, neural(spotter, tape, ALEXA), tape), tape, [LOUD] * 60)
    times = [f.t for f in found if isinstance(f, Detection)]
    assert times == pytest.approx([0.08, 2.08, 4.08])
    assert not any(isinstance(f, NearMiss) for f in found)


def test_the_same_word_is_not_found_again_when_its_phrase_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    class Twice:
        words, score = ("alexa",), 0.0

        def feed(self, chunk: bytes, t: float, *, awake: bool) -> Detection | NearMiss | None:
            said = {1.6: 0.8, 4.0: 1.3, 4.8: 4.0}.get(round(t, 2))
            return None if said is None else Detection("alexa", t, said, said + 0.6, {"grammar": 1.0})

        def reset(self) -> None: ...

    tape = Tape()
    found = run(detector(monkeypatch, Twice(), tape), tape, [LOUD] * 80)  # type: ignore[arg-type]
    assert [f.t for f in found if f] == pytest.approx([1.6, 4.8])


def test_nothing_runs_in_silence_and_the_onset_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter()
    subject = detector(monkeypatch, neural(spotter, tape), tape)
    run(subject, tape, [QUIET] * 100)
    assert spotter.fed == 0
    run(subject, tape, [LOUD])
    assert spotter.fed == 7  # 0.48 s and the chunk itself


def test_reset_reaches_the_spotter(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(0.0, 0.0, 0.6)
    subject = detector(monkeypatch, neural(spotter, tape, ALEXA), tape)
    run(subject, tape, [LOUD] * 2)
    subject.reset()
    assert spotter.resets == 1


def test_the_refractory_period_passes_while_nothing_is_fed(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(0.6, 0.6, 0.0, 0.0, 0.6)
    subject = detector(monkeypatch, neural(spotter, tape, ALEXA), tape)
    assert isinstance(subject.feed(tape.add(LOUD), 1.0), Detection)
    assert subject.feed(tape.add(LOUD), 2.9) is None
    subject.reset()
    hit = subject.feed(tape.add(LOUD), 3.1)
    assert isinstance(hit, Detection)
    assert hit.t == 3.1


class ScriptedVerifier:
    """openWakeWord's place: a score for the past, then one for each chunk."""

    needs_s = 2.6

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)
        self.begun = 0

    def begin(self, past: bytes) -> float:
        self.begun += 1
        return self.scores.pop(0)

    def feed(self, chunk: bytes) -> float:
        return self.scores.pop(0)

    def reset(self) -> None:
        pass


@pytest.mark.parametrize(
    ("peak", "verifier", "plain", "full", "wakes"),
    [
        (0.03, None, False, False, False),
        (0.03, None, True, False, False),
        (0.03, None, True, True, True),
        (0.3, None, True, False, True),
        (0.9, None, False, False, False),
        (0.98, None, False, False, True),
        (0.03, 0.01, True, False, False),
        (0.03, 0.02, True, False, True),
        (0.03, 0.3, False, False, False),
        (0.03, 0.4, False, False, True),
        (0.8, 0.19, False, False, False),
        (0.8, 0.2, False, False, True),
    ],
)
def test_what_the_second_stage_takes(peak: float, verifier: float | None, plain: bool, full: bool, wakes: bool) -> None:
    def make(grammar: object) -> FakeRecogniser:
        heard = plain if grammar == ["alexa", UNKNOWN] else full
        return FakeRecogniser(lambda pcm: [ALEXA] if heard else [])

    second = stages.SecondStage("alexa", FakeModel("alexa", make), ScriptedVerifier(verifier) if verifier else None)
    trigger = stages.Trigger(0.02, 5)
    trigger.feed(peak)
    assert second.judge(Tape().recent, LOUD, trigger).accepted is wakes


def test_a_doubtful_plain_grammar_is_not_helped_by_a_full_one() -> None:
    doubtful = Word("alexa", 1.0, 1.5, 0.59)
    second = stages.SecondStage(
        "alexa", FakeModel("alexa", lambda grammar: FakeRecogniser(lambda pcm: [doubtful])), None
    )
    trigger = stages.Trigger(0.02, 5)
    trigger.feed(0.1)
    assert not second.judge(Tape().recent, LOUD, trigger).accepted
    trigger.feed(0.3)
    assert second.judge(Tape().recent, LOUD, trigger).accepted


def test_the_verifier_starts_once_per_trigger_and_its_peak_counts() -> None:
    verifier = ScriptedVerifier(0.0, 0.5, 0.0)
    second = stages.SecondStage("alexa", FakeModel(""), verifier)
    trigger = stages.Trigger(0.02, 5)
    verdicts = []
    for _ in range(3):
        trigger.feed(0.05)
        verdicts.append(second.judge(Tape().recent, LOUD, trigger))
    assert [v.accepted for v in verdicts] == [False, True, True]
    assert verdicts[2].scores["verifier"] == 0.5
    assert verifier.begun == 1


def test_a_neural_word_without_its_spotter_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wake, "micro_installed", lambda: False)
    subject = wake.WakeDetector(["alexa", "echo"], FakeModel("alexa echo"), recent=Tape().recent, thresholds={})
    assert subject.description["alexa"] == "the speech model's grammar"
    (note,) = subject.notes
    assert note.startswith("alexa: no neural spotter is installed")
    assert "false wakes" in note


def test_a_phrase_of_two_words_is_as_sure_as_its_weaker_one() -> None:
    words = [Word("hey", 0.0, 0.2, 1.0), Word("computer", 0.2, 0.7, 0.8)]
    check = PhraseCheck(hears(*words), ["hey computer"])
    heard = check(LOUD, "hey computer")
    assert heard is not None
    assert (heard.start, heard.end, heard.confidence) == (0.0, 0.7, 0.8)
    assert check(LOUD, "computer computer") is None


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


def test_it_can_wait_while_nobody_speaks_and_less_the_nearer_a_word_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tape, spotter = Tape(), ScriptedSpotter(0.0, 0.06)
    subject = detector(monkeypatch, neural(spotter, tape), tape)
    waits = [subject.patience]
    for _ in range(2):
        run(subject, tape, [LOUD])
        waits.append(subject.patience)
    assert waits == [wake.QUIET_CHUNKS, wake.TALK_CHUNKS, 1]
