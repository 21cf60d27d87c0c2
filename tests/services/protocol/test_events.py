import json
import os

import pytest

from echoctl.errors import DeviceError, ExitCode
from echoctl.model.speech import Transcript, Word
from echoctl.services.history.sealer import Recipient, SealedRecord
from echoctl.services.protocol import checks, events
from echoctl.services.protocol.ear_spec import EarSpec
from echoctl.services.protocol.events import LineReader, Pipe
from echoctl.services.protocol.microphone_spec import MicrophoneSpec
from echoctl.services.protocol.records import recipient_fields, recipient_of, record_fields


def test_a_spec_survives_its_journey() -> None:
    spec = EarSpec(words=("alexa", "hey jarvis"), thresholds={"alexa": 0.05}, input="-", keep=False, pause_ms=700)
    assert EarSpec.from_json(spec.to_json()) == spec
    own = MicrophoneSpec(sound=3, mute=4, input="a file.wav", source=5, device="a mic", realtime=True, first=False)
    assert MicrophoneSpec.from_json(own.to_json()) == own


def test_lines_arrive_whole_however_the_bytes_are_cut() -> None:
    read, write = os.pipe()
    pipe = Pipe(write)
    pipe.send("partial", text="grüße\n")
    pipe.send("state", state="idle")
    data = os.read(read, 4096)
    reader = LineReader()
    lines = [json.loads(line) for at in range(len(data)) for line in reader.feed(data[at : at + 1])]
    assert lines == [{"type": "partial", "text": "grüße\n"}, {"type": "state", "state": "idle"}]
    assert [json.loads(line) for line in LineReader().feed(data)] == lines
    os.close(read)
    os.close(write)


def test_partials_are_dropped_when_the_front_does_not_keep_up() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"x" * 4096)
    except BlockingIOError:
        pass
    Pipe(write).send("partial", text="lost, and no one waits")
    Pipe(write).send("level", level=0.5)
    os.close(read)
    os.close(write)


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_LINE_BYTES", 1000)
    reader = LineReader()
    assert reader.feed(b"x" * 1000) == []
    with pytest.raises(ValueError, match="without end"):
        reader.feed(b"x")


def test_an_error_arrives_as_it_was_but_for_its_type() -> None:
    error = DeviceError("no microphone", "plug one in")
    travelled = json.loads(json.dumps(events.error_fields(error)))
    told = events.told(travelled)
    assert (told.exit_code, told.message, told.hint) == (ExitCode.DEVICE, error.message, error.hint)


def test_a_transcript_has_times_to_the_millisecond() -> None:
    heard = Transcript("so be it", (Word("so", 0.12345, 0.2, 0.98765),))
    assert events.transcript_fields(heard) == {
        "text": "so be it",
        "words": [{"text": "so", "start": 0.123, "end": 0.2, "confidence": 0.988}],
    }


@pytest.mark.parametrize("recipient", [None, Recipient(b"v" * 16, 2, b"p" * 1216), Recipient(b"v", 1, b"p", 7)])
def test_a_recipient_survives_its_journey(recipient: Recipient | None) -> None:
    assert recipient_of(json.loads(json.dumps(recipient_fields(recipient)))) == recipient


def test_a_record_survives_its_journey_and_the_check() -> None:
    from echoctl.services.protocol.records import record_of
    from echoctl.vault import format as fmt

    sealed = SealedRecord(b"e" * fmt.ID_BYTES, b"", 3, b"w" * fmt.WRAP_BYTES, b"\0text", (b"one", b"two"))
    assert record_of(checks._RECORD(json.loads(json.dumps(record_fields(sealed))))) == sealed
