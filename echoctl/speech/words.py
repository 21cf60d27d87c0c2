"""What is known of each wake word: its neural model, and the words that are taken for it."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from echoctl.errors import UsageError
from echoctl.speech.models import SpeechModel


@dataclass(frozen=True, slots=True)
class WakeWord:
    """A wake word that more is known of than its spelling."""

    neural: str = ""
    """Its model in microWakeWord and openWakeWord; empty: none."""
    decoys: tuple[str, ...] = ()
    """Words and phrases that sound like it: with them in the grammar the recogniser has something else to choose."""


_ALEXA_DECOYS = """alex alexis alexander alexandra election elections lexus selects lecture lectures elects relax axe
likes electric also elsa eleven like sir unless dialects"""

KNOWN = {
    "alexa": WakeWord(
        "alexa",
        tuple(_ALEXA_DECOYS.split()),
    ),
    "hey jarvis": WakeWord("hey_jarvis"),
    "okay nabu": WakeWord("okay_nabu"),
    "hey mycroft": WakeWord("hey_mycroft"),
    "computer": WakeWord(),
    "echo": WakeWord(),
    "amazon": WakeWord(),
}


def normal(word: str) -> str:
    """The spelling that all parts use: lower case, single spaces."""
    return " ".join(word.lower().split())


def known(word: str) -> WakeWord:
    """What is known of `word`; an empty entry for most."""
    return KNOWN.get(word, WakeWord())


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
    return list(dict.fromkeys(map(normal, words)))
