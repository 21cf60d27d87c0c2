from echoctl.model.speech import Word
from echoctl.speech.recogniser import KaldiStream
from echoctl.speech.transcribe import Transcriber
from tests.speech.fakes import FakeModel, FakeRecogniser


def word(text: str, start: float = 0.0) -> Word:
    return Word(text, start, start + 0.3, 1.0)


def test_text_grows_and_is_told_once() -> None:
    fake = FakeRecogniser(lambda pcm: [word("what"), word("time", 0.4)] if len(pcm) == 4 else None, says="what")
    transcriber = Transcriber(FakeModel("", lambda grammar: fake))
    transcriber.begin()
    assert transcriber.feed(b"\0\0") == "what"
    fake.says = "what"
    assert transcriber.feed(b"\0\0") == "what time"
    fake.says = ""
    assert transcriber.feed(b"\0\0") is None


def test_finish_gives_all_phrases_and_starts_anew() -> None:
    phrases = iter([[word("one")], None, [word("two", 1.0)]])
    transcriber = Transcriber(FakeModel("", lambda grammar: FakeRecogniser(lambda pcm: next(phrases))))
    transcriber.begin()
    transcriber.feed(b"\0\0")
    transcriber.feed(b"\0\0")
    transcript = transcriber.finish()
    assert transcript.text == "one two"
    assert [w.start for w in transcript.words] == [0.0, 1.0]


def test_what_is_settled_is_kept_and_comes_before_what_follows() -> None:
    fake = FakeRecogniser(lambda pcm: [word("one")] if pcm == b"a" else [word("two", 1.0)] if pcm == b"b" else None)
    transcriber = Transcriber(FakeModel("", lambda grammar: fake))
    transcriber.begin()
    fake.held = b"a"
    transcriber.settle()
    fake.held = b"b"
    assert transcriber.finish().text == "one two"


def test_unknown_sounds_are_no_words() -> None:
    fake = FakeRecogniser(lambda pcm: [word("[unk]"), word("stop")])
    transcriber = Transcriber(FakeModel("", lambda grammar: fake))
    transcriber.begin()
    transcript = transcriber.finish()
    assert transcript.text == "stop"
    assert len(transcript.words) == 1


class Handle:
    """Vosk's recogniser, whose times never start anew."""

    def __init__(self) -> None:
        self.fed = 0

    def AcceptWaveform(self, data: bytes) -> int:  # noqa: N802 - Vosk's name
        self.fed += len(data)
        return 1

    def Result(self) -> str:  # noqa: N802 - Vosk's name
        at = self.fed / 32000
        return f'{{"result": [{{"word": "so", "start": {at - 0.5}, "end": {at}, "conf": 0.5}}]}}'

    def Reset(self) -> None:  # noqa: N802 - Vosk's name
        pass


def test_times_count_from_begin() -> None:
    stream = KaldiStream(Handle())  # type: ignore[arg-type]
    stream.feed(bytes(64000))
    stream.begin()
    ended = stream.feed(bytes(32000))
    assert ended is not None
    assert (ended[0].start, ended[0].end) == (0.5, 1.0)
