"""The sandboxed child of `echoctl audit`: `python -m echoctl.services.system.audit_process SPEC`, the canary on stdin.

It enters the sandbox as the ear does, tries everything that it forbids, and stores the canary as the ear would. Then it
prints one JSON object and waits, its database open, until its stdin ends: what lies about meanwhile is looked at.
"""

import dataclasses
import json
import os
import sys
import time

from echoctl.model.listener import SandboxPolicy
from echoctl.services.sandbox import enter


def main(argv: list[str]) -> int:
    """Do it; `argv[0]` is a Spec."""
    spec = json.loads(argv[0])
    pcm = sys.stdin.buffer.read(spec["sound_bytes"])
    sandbox = enter.enter(SandboxPolicy.TRY)
    from echoctl.sandbox import attestation, probes  # noqa: PLC0415 - what the ear has not loaded either when it enters

    around = probes.Surroundings(spec["abstract"], spec["keys"], os.getppid(), spec["senders"])
    tried = [dataclasses.asdict(attempt) for attempt in probes.attempts(around)] if sys.platform == "linux" else []
    said = {
        "sandbox": {**sandbox.fields(), "hidden": sandbox.hidden},
        "attempts": tried,
        "inherited": attestation.inherited() if sys.platform == "linux" else [],
    }
    recorder = _store(pcm, spec["phrase"])
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    recorder.close()
    return 0


def _store(pcm: bytes, phrase: str) -> "Recorder":
    from echoctl.clock import SystemClock  # noqa: PLC0415 - loads cryptography: after entering, as in the ear
    from echoctl.model.speech import Detection, StoreMode, Transcript, Word  # noqa: PLC0415 - with it
    from echoctl.services.history.recorder import Recorder  # noqa: PLC0415 - with it

    recorder = Recorder(mode=StoreMode.BOTH, room="", wall=SystemClock())
    now_ms = time.time_ns() // 1_000_000
    words = tuple(Word(word, n / 2, n / 2 + 0.4, 1.0) for n, word in enumerate(phrase.split()))
    detection = recorder.detected(Detection("canary", 0.0, 0.0, 0.0), now_ms)
    recorder.commit(
        pcm=pcm, transcript=Transcript(phrase, words), at_ms=now_ms, detection=detection, wake_word="canary", scores={}
    )
    return recorder


TYPE_CHECKING = False
if TYPE_CHECKING:
    from echoctl.services.history.recorder import Recorder

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
