import os

from echoctl.services.listening.ear_spec import EarSpec
from echoctl.services.listening.protocol import EventReader, Pipe


def test_a_spec_survives_its_command_line() -> None:
    spec = EarSpec(words=("alexa", "hey jarvis"), thresholds={"alexa": 0.05}, input="-", keep=False, pause_ms=700)
    assert EarSpec.from_json(spec.to_json()) == spec


def test_lines_arrive_whole_however_the_bytes_are_cut() -> None:
    read, write = os.pipe()
    pipe = Pipe(write)
    pipe.send("partial", text="grüße")
    pipe.send("state", state="idle")
    data = os.read(read, 4096)
    reader = EventReader()
    events = [event for at in range(len(data)) for event in reader.feed(data[at : at + 1])]
    assert events == [{"type": "partial", "text": "grüße"}, {"type": "state", "state": "idle"}]
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
