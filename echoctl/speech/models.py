"""Finding a speech model, judging whether it is whole, and loading it.

Vosk aborts the process on some damaged models (an empty model.conf, a cut splice.conf), so a folder is checked
before Vosk sees it: against the sizes that were recorded when it was installed, and without such a record by the
shape of its files. The hash of the content is compared by `echoctl model verify`, which takes longer.
"""

import json
import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Protocol

from echoctl.errors import ModelError
from echoctl.model.speech import SAMPLE_RATE
from echoctl.speech.manifest import Record, read_record
from echoctl.speech.recogniser import KaldiStream, Recogniser

DEFAULT_NAME = "en-us"
"""What `echoctl model install` calls the small English model."""

_INSTALL = "echoctl model install"

# What Vosk cannot do without in a model with a dynamic graph (Model::ConfigureV2 in vosk-api), and how each file
# begins: OpenFst's magic number, Kaldi's binary mark, or text, which must end with its line.
_FST = b"\xd6\xfd\xb2\x7e"
_KALDI = b"\0B"
_TEXT = b""
_SHAPE = {
    "am/final.mdl": _KALDI,
    "conf/mfcc.conf": _TEXT,
    "conf/model.conf": _TEXT,
    "graph/disambig_tid.int": _TEXT,
    "graph/Gr.fst": _FST,
    "graph/HCLr.fst": _FST,
    "graph/phones/word_boundary.int": _TEXT,
    "ivector/final.dubm": _KALDI,
    "ivector/final.ie": _KALDI,
    "ivector/final.mat": _KALDI,
    "ivector/global_cmvn.stats": _TEXT,
    "ivector/online_cmvn.conf": _TEXT,
    "ivector/splice.conf": _TEXT,
}


class SpeechModel(Protocol):
    """What recognises speech: knows a vocabulary and makes recognisers."""

    def has_word(self, word: str) -> bool:
        """Whether the vocabulary holds `word` (one word, lower case)."""

    def recogniser(self, grammar: Sequence[str] | None = None) -> Recogniser:
        """Make a recogniser: of the whole vocabulary, or of these phrases ("[unk]" stands for anything else)."""


class Model:
    """A loaded Vosk model; about 80 MB, shared by all its recognisers."""

    def __init__(self, path: str) -> None:
        vosk = _vosk_without_its_downloader()
        vosk.SetLogLevel(-1)
        self.path = path
        self._vosk = vosk
        try:
            self._model = vosk.Model(path)
        except Exception as exc:  # Vosk raises bare Exceptions
            raise ModelError(f"the speech model at {path} does not load", f"{_INSTALL} replaces it") from exc

    @classmethod
    def load(cls, path: str) -> "Model":
        """Load the model in the folder `path`. Raises ModelError when it is missing, damaged or refused."""
        check(path)
        model = cls(path)
        # A truncated graph is noticed only when a recogniser is made of it.
        model.recogniser(["[unk]"])
        return model

    def has_word(self, word: str) -> bool:
        """Whether the vocabulary holds `word` (one word, lower case)."""
        return bool(self._model.vosk_model_find_word(word) >= 0)

    def recogniser(self, grammar: Sequence[str] | None = None) -> Recogniser:
        """Make a recogniser: of the whole vocabulary (0.1 s), or of these phrases (1 ms after the first)."""
        try:
            if grammar is None:
                handle = self._vosk.KaldiRecognizer(self._model, SAMPLE_RATE)
            else:
                handle = self._vosk.KaldiRecognizer(self._model, SAMPLE_RATE, json.dumps(list(grammar)))
        except Exception as exc:  # Vosk raises bare Exceptions
            raise ModelError(f"the speech model at {self.path} is damaged", f"{_INSTALL} replaces it") from exc
        handle.SetWords(True)
        return KaldiStream(handle)


def _vosk_without_its_downloader() -> ModuleType:
    """Import vosk, and not the HTTP client of a downloader that echoctl never calls.

    `import requests` would cost as much as vosk itself, and one of its parts binds a socket to [::1] while it is
    imported. A process that listens has no business with sockets (tests/privacy/test_no_network.py).
    """
    absent = "requests" not in sys.modules
    if absent:
        sys.modules["requests"] = ModuleType("requests")
    try:
        import vosk  # noqa: PLC0415 - 0.1 s and 20 MB, and only what listens or measures needs it
    finally:
        if absent:
            del sys.modules["requests"]
    return vosk


def locate(name_or_path: str | None, dirs: Sequence[str]) -> str:
    """Find a model and return its folder, checked (see `check`).

    `name_or_path` is a folder, the name of an installed model, or empty for the usual one: "en-us" when installed,
    else the only one there is. Raises ModelError when there is none, or when it is damaged.
    """
    if name_or_path and (os.sep in name_or_path or os.path.isdir(name_or_path)):
        return check(name_or_path)
    names = [name_or_path] if name_or_path else [DEFAULT_NAME, *_only_one(dirs)]
    for name in names:
        for base in dirs:
            path = os.path.join(base, name)
            if os.path.isdir(path):
                return check(path)
    what = f"the speech model {name_or_path!r} is not installed" if name_or_path else "no speech model is installed"
    raise ModelError(what, _INSTALL)


def _only_one(dirs: Sequence[str]) -> list[str]:
    found = {name for base in dirs if os.path.isdir(base) for name in os.listdir(base) if _is_model(base, name)}
    return list(found) if len(found) == 1 else []


def _is_model(base: str, name: str) -> bool:
    return not name.startswith(".") and os.path.isdir(os.path.join(base, name))


def check(path: str) -> str:
    """Judge in about a millisecond whether the model in `path` is whole, and return `path`.

    With a record of the installation beside it every file must be there in its recorded size; without one, every
    file that Vosk needs must be there, not empty, and begin and end as its kind does. Raises ModelError.
    """
    if not os.path.isdir(path):
        raise ModelError(f"no speech model at {path}", _INSTALL)
    record = read_record(path)
    fault = _recorded_fault(path, record) if record else None
    fault = fault or next((bad for name, head in _SHAPE.items() if (bad := _shape_fault(path, name, head))), None)
    if fault:
        raise ModelError(f"the speech model at {path} is damaged: {fault}", f"{_INSTALL} replaces it")
    return path


def _recorded_fault(path: str, record: Record) -> str | None:
    for name, size in record.files.items():
        try:
            found = os.lstat(os.path.join(path, name)).st_size
        except OSError:
            return f"{name} is missing"
        if found != size:
            return f"{name} has {found} bytes instead of {size}"
    return None


def _shape_fault(path: str, name: str, head: bytes) -> str | None:
    try:
        with open(os.path.join(path, name), "rb") as file:
            if file.read(len(head)) != head:
                return f"{name} is not what it should be"
            size = file.seek(0, os.SEEK_END)
            if not size:
                return f"{name} is empty"
            file.seek(size - 1)
            whole = head or file.read(1) == b"\n"
    except OSError:
        return f"{name} is missing"
    return None if whole else f"{name} is cut short"
