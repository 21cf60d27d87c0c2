"""Words: those that fill ordinary speech, and those that somebody may have meant."""

import difflib
from collections.abc import Iterable, Iterator, Sequence

from echoctl.errors import UsageError
from echoctl.model.speech import normal_word
from echoctl.speech.models import SpeechModel

_ORDINARY = """
the of and to a in is you that it he was for on are as with his they i at be this have from or one had by word
but not what all were we when your can said there use an each which she do how their if will up other about
out many then them these so some her would make like him into time has look two more write go see no way could
people my than first water been call who its now find long down day did get come made may part over new sound
take only little work know place year live me back give most very after thing our just name good sentence man
think say great where help through much before line right too mean old any same tell boy follow came want show
also around form three small set put end does another well large must big even such because turn here why ask
went men read need land different home us move try kind hand picture again change off play
"""

ORDINARY = tuple(_ORDINARY.split())
"""The commonest words of written English. In a grammar they take up ordinary speech, which "[unk]" alone leaves to
the wake word; unlike words that sound like the wake word they take little from it (docs/decisions/0003)."""

NAMES = ("alexa", "amazon", "computer", "echo", "google", "jarvis", "mycroft", "siri")
"""What assistants are called: a person who says one means no other, however alike "alexa" and "echo" begin."""


def require_vocabulary(word: str, model: SpeechModel) -> None:
    """Raise UsageError unless the model knows every part of `word`, naming the nearest words that it knows."""
    parts = word.split()
    if not parts:
        raise UsageError("an empty wake word", "name a word, for example: --wake-word computer")
    for part in parts:
        if not model.has_word(part):
            near = nearest(part, model)
            hint = f"did you mean {' or '.join(near)}?" if near else "take a word of the English dictionary"
            raise UsageError(f"the speech model does not know the word {part!r}", hint)


def nearest(word: str, model: SpeechModel, count: int = 3) -> list[str]:
    """Up to `count` words of the vocabulary that are spelled most like `word`, within two edits.

    Vosk can be asked for a word but not for its list, and some models carry none; so the spellings around `word`
    are made and asked for (one edit: some hundred; two: 0.2 s).
    """
    once = set(_edits(word))
    found = {w for w in once if model.has_word(w)} or {
        w for first in once for w in _edits(first) if len(w) > 2 and model.has_word(w)
    }
    return sorted(found, key=lambda w: (-difflib.SequenceMatcher(None, word, w).ratio(), w))[:count]


def _edits(word: str) -> Iterator[str]:
    """Every spelling one edit away (Norvig, "How to Write a Spelling Corrector")."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    for at in range(len(word) + 1):
        head, tail = word[:at], word[at:]
        yield from (head + letter + tail for letter in letters)
        if tail:
            yield head + tail[1:]
            yield from (head + letter + tail[1:] for letter in letters)
        if len(tail) > 1:
            yield head + tail[1] + tail[0] + tail[2:]


def unique(words: Iterable[str]) -> Sequence[str]:
    """The normal spellings, each once, in order."""
    return list(dict.fromkeys(map(normal_word, words)))
