"""A keeper with a real store, and what an ear would say to it."""

import contextlib
import json
from typing import Any

from echoctl.clock import SystemClock
from echoctl.model.speech import StoreMode, Transcript, Word
from echoctl.services import mute_file
from echoctl.services.history.sealer import MadeRecord, Sealer, make
from echoctl.services.listening.keeper import Keeper
from echoctl.services.listening.presence import Presence
from echoctl.services.protocol import checks
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import transcript_fields
from echoctl.services.protocol.records import recipient_of, record_fields
from tests.heard import MORNING_MS, pcm

SANDBOX = {"holds": "filter", "why": "a test"}
Event = dict[str, Any]


class Front:
    """A keeper, the orders that it gives, and the ear's half of sealing."""

    def __init__(self, **spec: Any) -> None:
        self.spec = EarSpec(**{"room": "kitchen", **spec})
        self.orders: list[Event] = []
        self.presence = Presence(self.spec)
        self.keeper = Keeper(
            self.spec, self.presence, lambda kind, **fields: self.orders.append({"type": kind, **fields})
        )
        self.to = self.keeper.address()
        self.sealer = Sealer(SystemClock())
        self.number = 0
        self.keeper.ear_pid, self.keeper.mic_pid = 111, 222
        self._open = contextlib.ExitStack()
        self._open.push(self.presence)
        self._open.push(self.keeper)

    def close(self) -> None:
        """Once is enough."""
        self._open.close()

    def _order(self, kind: str, **fields: Any) -> None:
        self.orders.append({"type": kind, **fields})

    def take(self, kind: str, **fields: Any) -> list[Event]:
        """One line of the ear's, checked as the front checks it."""
        return list(self.keeper.take(checks.checked(json.dumps({"type": kind, **fields}).encode())))

    def said(self, kind: str, **fields: Any) -> list[Event]:
        """One event of the microphone's."""
        return self.take("microphone", said={"type": kind, **fields})

    def listen(self) -> list[Event]:
        """Ear and microphone are ready."""
        told = self.take("ready", words=["alexa"], spotters={"alexa": "a fake"}, notes=[], sandbox=SANDBOX)
        told += self.said("sandbox", sandbox=SANDBOX)
        self.answer(mute_file.OPEN)
        return told + self.said("opened", device="a mic")

    def answer(self, what: bytes) -> None:
        """What the microphone does."""
        mute_file.answer(self.presence.lock, what)

    def made(self, text: str = "so be it", at_ms: int = MORNING_MS, word: str = "alexa") -> MadeRecord | None:
        """A recording, sealed as the front said last."""
        recipient = recipient_of(self.to["recipient"])
        if recipient is None:
            return None
        return make(
            self.sealer, recipient, mode=StoreMode(self.spec.store), pcm=pcm(), transcript=Transcript(text),
            at_ms=at_ms, wake_word=word, scores={"spotter": 0.9},
        )  # fmt: skip

    def request(self, text: str = "so be it", at_ms: int = MORNING_MS, **other: Any) -> Event:
        """A request as the ear sends it, but for what is to be `other`."""
        made = self.made(text, at_ms)
        self.number += 1
        words = Transcript(text, (Word("so", 0.1, 0.2, 0.9),))
        return {
            "number": self.number, "serial": self.to["serial"], "at_ms": at_ms, "duration_ms": 400, "word": "alexa",
            "scores": {"spotter": 0.9}, "id": made and made.uid,
            "record": record_fields(made.sealed) if made and made.sealed else None, **transcript_fields(words), **other,
        }  # fmt: skip

    def answers(self) -> list[tuple[str, int]]:
        """What was said to requests."""
        return [(order["type"], order["number"]) for order in self.orders if "number" in order]
