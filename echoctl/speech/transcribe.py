"""Speech to text while it is being spoken."""

from echoctl.model.speech import Transcript, Word
from echoctl.speech.models import SpeechModel

_UNKNOWN = "[unk]"


class Transcriber:
    """Streams one recording after the other through one recogniser of the whole vocabulary.

    `begin`, then `feed` while it is spoken, then `finish`. Decoding keeps pace with the audio (about 0.06 s of CPU
    per second), so `finish` has only the last syllables left to do.
    """

    def __init__(self, model: SpeechModel) -> None:
        self._recogniser = model.recogniser()
        self._words: list[Word] = []
        self._shown = ""

    def begin(self) -> None:
        """Start a recording; whatever was fed since the last `finish` is dropped."""
        self._recogniser.begin()
        self._words = []
        self._shown = ""

    def feed(self, pcm: bytes) -> str | None:
        """Take pcm of any length; return the text so far when it changed, else None."""
        ended = self._recogniser.feed(pcm)
        if ended is not None:
            self._words += ended
        going_on = "" if ended is not None else self._recogniser.partial()
        text = " ".join([*_texts(self._words), *going_on.split()])
        if text == self._shown:
            return None
        self._shown = text
        return text

    def settle(self) -> None:
        """Decide on the words so far, which leaves `finish` nothing to do. What is fed then is a phrase of its own."""
        self._words += self._recogniser.finish()

    def finish(self) -> Transcript:
        """End the recording and return what was understood; times count from its start, in seconds."""
        words = (*self._words, *self._recogniser.finish())
        self.begin()
        return Transcript(" ".join(_texts(words)), tuple(word for word in words if word.text != _UNKNOWN))


def _texts(words: list[Word] | tuple[Word, ...]) -> list[str]:
    return [word.text for word in words if word.text != _UNKNOWN]
