"""Frames over a real pipe, which is as small as the kernel allows."""

import fcntl
import json
import os
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from echoctl.services.protocol.sound import FRAME_BYTES, Frame, FrameReader, FrameWriter

CHUNK = bytes(range(256)) * 10
CHUNK_MS = 80
HEAD = 3


class Small:
    """A pipe that holds one frame of a chunk, with a reader."""

    def __init__(self, *, live: bool = True) -> None:
        self.read, self.write = os.pipe()
        if hasattr(fcntl, "F_SETPIPE_SZ"):
            fcntl.fcntl(self.write, fcntl.F_SETPIPE_SZ, 4096)
        self.writer = FrameWriter(self.write, live=live)
        self.reader = FrameReader()

    def take(self, size: int = 65536) -> list[Frame]:
        """What has arrived."""
        os.set_blocking(self.read, False)
        try:
            return self.reader.feed(os.read(self.read, size))
        except BlockingIOError:
            return []

    def close(self) -> None:
        os.close(self.read)
        os.close(self.write)


@pytest.fixture
def pipe() -> Iterator[Small]:
    made = Small()
    yield made
    made.close()


def test_frames_come_out_as_they_went_in(pipe: Small) -> None:
    got: list[Frame] = []
    sent: list[Frame] = [CHUNK, {"type": "opened", "device": "grüße"}, CHUNK[:100], b"", {"type": "muted"}]
    for frame in sent:
        pipe.writer.pcm(frame) if isinstance(frame, bytes) else pipe.writer.event(
            str(frame["type"]), **{name: value for name, value in frame.items() if name != "type"}
        )
        got += pipe.take()
    assert got == sent


def test_frames_are_whole_however_the_bytes_are_cut(pipe: Small) -> None:
    pipe.writer.event("opened", device="a mic")
    pipe.writer.pcm(CHUNK)
    data = os.read(pipe.read, 65536)
    got = [frame for at in range(len(data)) for frame in pipe.reader.feed(data[at : at + 1])]
    assert got == [{"type": "opened", "device": "a mic"}, CHUNK]
    assert FrameReader().feed(data) == got


def test_a_live_writer_never_waits_and_counts_what_it_drops(pipe: Small) -> None:
    before = time.monotonic()
    for _ in range(100):
        pipe.writer.pcm(CHUNK)
    assert time.monotonic() - before < 1
    assert pipe.writer.dropped_ms == 99 * CHUNK_MS
    assert [frame for frame in pipe.take() if isinstance(frame, bytes)] == [CHUNK]


def test_a_gap_is_told_before_the_sound_after_it(pipe: Small) -> None:
    got: list[Frame] = []
    for _ in range(3):
        pipe.writer.pcm(CHUNK)
    for _ in range(4):
        got += pipe.take()
        pipe.writer.pcm(CHUNK)
    got += pipe.take()
    gaps = [frame for frame in got if isinstance(frame, dict)]
    assert got[0] == CHUNK and {gap["type"] for gap in gaps} == {"gap"}
    assert got[1:] == [*gaps, *[CHUNK] * (len(got) - 1 - len(gaps))], "no sound lies between what was lost"
    assert sum(gap["dropped_ms"] for gap in gaps) == pipe.writer.dropped_ms == 2 * CHUNK_MS


def test_an_event_waits_until_there_is_room(pipe: Small) -> None:
    pipe.writer.pcm(CHUNK)
    pipe.writer.event("retrying", device="a mic", message="m" * 1900)
    pipe.writer.event("lost", device="a mic", reason="ended")
    assert pipe.take() == [CHUNK]
    pipe.writer.event("muted")
    assert [frame["type"] for frame in pipe.take() if isinstance(frame, dict)] == ["retrying", "lost", "muted"]
    assert pipe.writer.dropped_ms == 0


def test_an_event_outlives_a_long_wait_and_all_that_was_dropped_is_told(pipe: Small) -> None:
    pipe.writer.pcm(CHUNK)
    pipe.writer.event("silent", device="d" * 2000, seconds=1)
    for _ in range(100):
        pipe.writer.pcm(CHUNK)
    got: list[Frame] = []
    for _ in range(200):
        got += pipe.take()
        pipe.writer.pcm(CHUNK)
    got += pipe.take()
    told = [frame for frame in got if isinstance(frame, dict)]
    assert "silent" in [frame["type"] for frame in told]
    assert sum(frame["dropped_ms"] for frame in told if frame["type"] == "gap") == pipe.writer.dropped_ms


def test_a_frame_that_went_in_part_is_finished_first(pipe: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    real, sizes = os.write, [1, 2, 700, 0, 50]

    def some(descriptor: int, data: bytes) -> int:
        if descriptor != pipe.write or not sizes:
            return real(descriptor, data)
        if not (size := sizes.pop(0)):
            raise BlockingIOError
        return real(descriptor, bytes(data)[:size])

    monkeypatch.setattr(os, "write", some)
    got: list[Frame] = []
    for number in range(12):
        pipe.writer.pcm(bytes([number]) * 400)
        pipe.writer.event("silent", device="a mic", seconds=number)
        got += pipe.take()
    for _ in range(3):
        pipe.writer.event("muted")
        got += pipe.take()
    chunks = [frame[0] for frame in got if isinstance(frame, bytes)]
    assert chunks == sorted(chunks) and all(frame == frame[:1] * 400 for frame in got if isinstance(frame, bytes))
    assert [frame["seconds"] for frame in got if isinstance(frame, dict) and "seconds" in frame] == list(range(12))
    assert len(chunks) * 400 + pipe.writer.dropped_ms * 32 == pytest.approx(12 * 400, abs=12 * 32)
    assert not sizes


def test_whoever_reads_a_file_waits_for_room() -> None:
    pipe, got = Small(live=False), []
    sent = [bytes([number]) * 2560 for number in range(50)]

    def write() -> None:
        for chunk in sent:
            pipe.writer.pcm(chunk)
        pipe.writer.event("end")

    thread = threading.Thread(target=write)
    thread.start()
    time.sleep(0.1)
    assert thread.is_alive(), "nobody has read yet"
    while {"type": "end"} not in got:
        got += pipe.take()
    thread.join()
    assert got == [*sent, {"type": "end"}]
    assert pipe.writer.dropped_ms == 0
    pipe.close()


@pytest.mark.parametrize("live", [True, False])
def test_nobody_to_read_is_told(live: bool) -> None:
    read, write = os.pipe()
    writer = FrameWriter(write, live=live)
    os.close(read)
    with pytest.raises(BrokenPipeError):
        writer.pcm(CHUNK)
    with pytest.raises(BrokenPipeError):
        writer.event("muted")
    os.close(write)


def test_an_event_that_no_frame_holds_is_refused(pipe: Small) -> None:
    with pytest.raises(ValueError, match="no frame"):
        pipe.writer.event("retrying", device="a mic", message="m" * FRAME_BYTES)


@pytest.mark.parametrize(
    "data",
    [
        b"x" + bytes(2),
        b"\0" * 10,
        b"RIFF" + bytes(100),
        struct.pack(">cH", b"p", FRAME_BYTES + 1),
        struct.pack(">cH", b"e", 65535),
        struct.pack(">cH", b"e", 3) + b"{,}",
        struct.pack(">cH", b"e", 2) + b"\xff\xfe",
        struct.pack(">cH", b"p", 2) + b"\1\2" + b"q" + bytes(9),
    ],
)
def test_what_no_microphone_writes_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        FrameReader().feed(data)


@pytest.mark.parametrize("event", [b"[" * 4000, json.dumps(["opened"]).encode(), b"7"], ids=["bomb", "list", "number"])
def test_an_event_that_is_no_object_is_refused(event: bytes) -> None:
    with pytest.raises(ValueError):
        FrameReader().feed(struct.pack(">cH", b"e", len(event)) + event)


def test_sound_is_wiped_once_it_was_given(pipe: Small) -> None:
    pipe.writer.pcm(CHUNK)
    rest = pipe.reader._rest
    assert pipe.take() == [CHUNK]
    assert pipe.reader._rest is rest and not rest
