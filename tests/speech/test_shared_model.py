"""Recognisers that share a decoder answer as if each had its own, and decode once."""

from collections.abc import Sequence

from echoctl.model.speech import Word
from echoctl.speech.shared_model import SharedModel
from tests.speech.fakes import FakeModel, FakeRecogniser


class Counting(FakeRecogniser):
    """Hears a word for each byte of a phrase, which ends at a full stop; counts what it was fed."""

    def __init__(self) -> None:
        super().__init__(self.words)
        self.calls: list[bytes] = []

    def words(self, held: bytes) -> Sequence[Word] | None:
        return [Word(held.decode(), 0.0, float(len(held)), 1.0)] if held.endswith(b".") or not self.fed else None

    def feed(self, pcm: bytes) -> tuple[Word, ...] | None:
        self.calls.append(pcm)
        self.fed = True
        return super().feed(pcm)

    def partial(self) -> str:
        return self.held.decode()

    def finish(self) -> tuple[Word, ...]:
        self.fed = False
        return super().finish()


def shared() -> tuple[SharedModel, list[Counting]]:
    made: list[Counting] = []

    def make(grammar: Sequence[str] | None) -> FakeRecogniser:
        made.append(Counting())
        return made[-1]

    return SharedModel(FakeModel("alexa", make)), made


def test_the_same_sound_is_decoded_once() -> None:
    model, made = shared()
    first, second = model.recogniser(["alexa"]), model.recogniser(["alexa"])
    answers = []
    for one in (first, second):
        one.begin()
        answers.append((one.feed(b"a"), one.partial(), one.feed(b"b."), one.finish()))
    assert answers[0] == answers[1]
    assert answers[0][:2] == (None, "a")
    assert [w.text for w in answers[0][2] or ()] == ["ab."]
    (decoder,) = made
    assert decoder.calls == [b"a", b"b."]


def test_step_by_step_as_well() -> None:
    model, made = shared()
    both = [model.recogniser(["alexa"]), model.recogniser(["alexa"])]
    for pcm in (b"a", b"b", b"c"):
        assert [one.feed(pcm) for one in both] == [None, None]
    assert [one.partial() for one in both] == ["abc", "abc"]
    assert made[0].calls == [b"a", b"b", b"c"]


def test_different_sounds_do_not_mix() -> None:
    model, _ = shared()
    first, second = model.recogniser(["alexa"]), model.recogniser(["alexa"])
    first.feed(b"a")
    second.feed(b"x")
    first.feed(b"b")
    assert (first.partial(), second.partial()) == ("ab", "x")
    first.begin()
    first.feed(b"c")
    assert first.partial() == "c"


def test_each_grammar_has_a_decoder_of_its_own() -> None:
    model, made = shared()
    for grammar in (["alexa"], ["alexa", "[unk]"], None, ["alexa"]):
        model.recogniser(grammar)
    assert len(made) == 3
    assert model.has_word("alexa")
    assert not model.has_word("echo")
