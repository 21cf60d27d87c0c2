"""Typed words: when a guess of the grammar is decoded afresh, and what its windows are worth."""

import pytest

from echoctl.model.speech import BYTES_PER_SECOND, Detection, NearMiss, Word
from echoctl.speech import grammar_detector, wake
from echoctl.speech.spotters import UNKNOWN, Heard
from tests.speech.fakes import LOUD, FakeModel, FakeRecogniser, Tape


class Guesses(FakeRecogniser):
    """A streaming recogniser with a guess for each chunk; a list of words ends the phrase."""

    def __init__(self, guesses: list[str | list[Word]]) -> None:
        super().__init__(lambda pcm: None)
        self.guesses = guesses

    def feed(self, pcm: bytes) -> tuple[Word, ...] | None:
        guess = self.guesses.pop(0) if self.guesses else ""
        self.says = guess if isinstance(guess, str) else ""
        return None if isinstance(guess, str) else tuple(guess)

    def finish(self) -> tuple[Word, ...]:
        return (Word("computer", 0.0, 0.4, 0.7),) if "computer" in self.says else ()


def computer(
    guesses: list[str | list[Word]], checked: list[Word], tape: Tape
) -> tuple[grammar_detector.GrammarDetector, list[int]]:
    """A lane for "computer" whose check hears `checked`, and the number of bytes of each check."""
    checks: list[int] = []

    def make(grammar: object) -> FakeRecogniser:
        assert isinstance(grammar, list)
        if "the" not in grammar:
            return Guesses(guesses)

        def hear(pcm: bytes) -> list[Word] | None:
            if pcm:
                checks.append(len(pcm))
            return checked

        return FakeRecogniser(hear)

    return grammar_detector.GrammarDetector(["computer"], FakeModel("computer the of", make), tape.recent, {}), checks


SURE = Word("computer", 1.0, 1.5, 0.95)


def test_a_word_that_is_guessed_is_checked_a_moment_later() -> None:
    tape = Tape()
    lane, _ = computer(["", "computer", "computer"], [SURE], tape)
    found = [lane.feed(tape.add(LOUD), (n + 1) * 0.08, awake=True) for n in range(3)]
    assert found[:2] == [None, None]
    assert isinstance(found[2], Detection)
    assert found[2].scores == {"grammar": 0.3167}


def test_a_short_word_must_be_found_in_two_windows() -> None:
    assert grammar_detector.GrammarDetector.usual("echo") > 1 / 3
    assert grammar_detector.GrammarDetector.usual("echo") <= 2 / 3
    assert grammar_detector.GrammarDetector.usual("computer") < 1 / 3


def test_a_flicker_is_not_checked_at_all() -> None:
    tape = Tape()
    lane, checks = computer(["computer", "", "computer", ""], [SURE], tape)
    assert [lane.feed(tape.add(LOUD), 1.0, awake=True) for _ in range(4)] == [None] * 4
    assert checks == []


def test_a_word_that_stays_is_checked_at_each_new_guess_but_not_for_ever() -> None:
    tape = Tape()
    lane, checks = computer(["computer"] * 30, [], tape)
    for _ in range(30):
        assert lane.feed(tape.add(LOUD), 1.0, awake=True) is None
    assert len(checks) == 2 * lane.CHECKS * len(lane.WINDOWS_S)  # fed, and asked for the rest


def test_a_final_word_that_the_check_denies_is_a_near_miss() -> None:
    tape = Tape()
    lane, _ = computer([[Word("computer", 0.0, 0.5, 0.8)]], [Word("computer", 0.0, 0.5, 0.49)], tape)
    found = lane.feed(tape.add(LOUD), 1.0, awake=True)
    assert isinstance(found, NearMiss)
    assert found.scores == {"grammar": 0.0, "spotter": 0.8}


class Window(FakeRecogniser):
    """Hears in each window that it is given the words that were written down for it, in seconds of a stream of 10 s."""

    def __init__(self, windows: list[list[Word]]) -> None:
        super().__init__(lambda pcm: None)
        self.windows = windows

    def finish(self) -> tuple[Word, ...]:
        began = 10 - len(self.held) / BYTES_PER_SECOND
        return tuple(Word(w.text, w.start - began, w.end - began, w.confidence) for w in self.windows.pop(0))


def judged(*windows: list[Word]) -> Detection | NearMiss | None:
    """What a lane for "computer" says at 10 s to a phrase that ended, given what each of its windows holds."""

    def make(grammar: object) -> FakeRecogniser:
        assert isinstance(grammar, list)
        check = "the" in grammar
        return Window(list(windows)) if check else Guesses([[Word("computer", 0.0, 0.5, 1.0)]])

    tape = Tape()
    tape.add(bytes(BYTES_PER_SECOND * 10))
    lane = grammar_detector.GrammarDetector(["computer"], FakeModel("computer the", make), tape.recent, {})
    return lane.feed(LOUD, 10.0, awake=True)


@pytest.mark.parametrize(
    ("found", "wakes"),
    [
        ((1.0, 0.0, 0.0), True),
        ((0.0, 0.0, 0.9), True),
        ((0.8, 0.0, 0.0), False),
        ((0.4, 0.4, 0.4), False),
        ((0.5, 0.5, 0.0), True),
    ],
)
def test_sure_in_one_window_or_doubtful_in_two(found: tuple[float, ...], wakes: bool) -> None:
    outcome = judged(*([Word("computer", 8.6, 9.2, confidence)] for confidence in found))
    assert isinstance(outcome, Detection) is wakes


@pytest.mark.parametrize(
    ("before", "found", "wakes"),
    [(8.49, (1.0, 0.0, 0.0), True), (8.51, (1.0, 1.0, 0.69), False), (8.51, (1.0, 1.0, 1.0), True)],
)
def test_a_word_in_running_speech_must_be_sure_in_every_window(
    before: float, found: tuple[float, ...], wakes: bool
) -> None:
    outcome = judged(*([Word("the", 8.3, before, 1.0), Word("computer", 8.6, 9.2, at)] for at in found))
    assert isinstance(outcome, Detection) is wakes


@pytest.mark.parametrize(("end", "wakes"), [(8.41, True), (8.39, False)])
def test_a_word_of_long_ago_does_not_wake(end: float, wakes: bool) -> None:
    outcome = judged([Word("computer", 8.25, end, 1.0)], [], [])
    assert isinstance(outcome, Detection) is wakes


def test_the_guess_that_quiet_cuts_short_is_decided() -> None:
    tape = Tape()
    lane, _ = computer(["computer"], [SURE], tape)
    assert lane.feed(tape.add(LOUD), 0.08, awake=True) is None
    assert isinstance(lane.pause(0.16, awake=True), Detection)


def test_nothing_is_found_in_the_refractory_period() -> None:
    tape = Tape()
    lane, checks = computer([[SURE], "computer", "computer"], [SURE], tape)
    assert [lane.feed(tape.add(LOUD), 1.0, awake=False) for _ in range(3)] == [None] * 3
    assert checks == []


def test_thresholds_are_found_however_the_word_is_spelled() -> None:
    model = FakeModel("computer the", lambda grammar: Guesses([[SURE]]))
    for threshold, wakes in ((0.99, False), (0.9, True)):
        subject = wake.WakeDetector(["COMPUTER"], model, recent=Tape().recent, thresholds={" Computer": threshold})
        (lane,) = subject._detectors
        assert isinstance(lane, grammar_detector.GrammarDetector)
        lane._at = lambda w, t, span: (0.95, Heard(0, 1, 0.95, 1.0))  # type: ignore[method-assign]
        assert isinstance(lane.feed(LOUD, 1.0, awake=True), Detection) is wakes


def test_all_typed_words_share_two_recognisers() -> None:
    model = FakeModel("computer echo the alexa siri")
    wake.WakeDetector(["computer", "echo"], model, recent=Tape().recent, thresholds={})
    assert len(model.grammars) == 2
    assert model.grammars[0] == ["computer"] * 10 + ["echo"] * 10 + [UNKNOWN, "alexa", "siri"]
    assert model.grammars[1] == ["computer"] * 10 + ["echo"] * 10 + [UNKNOWN, *["alexa"] * 3, *["siri"] * 3, "the"]


def test_a_name_that_is_part_of_the_word_does_not_stand_against_it() -> None:
    model = FakeModel("hey siri alexa")
    wake.WakeDetector(["hey siri"], model, recent=Tape().recent, thresholds={})
    assert model.grammars[0] == ["hey siri"] * 10 + [UNKNOWN, "alexa"]
