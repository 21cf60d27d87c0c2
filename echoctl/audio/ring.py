"""The pre-roll: the last seconds of audio, in memory that is allocated once and can be wiped."""

from echoctl.model.speech import BYTES_PER_SECOND, SAMPLE_RATE, SAMPLE_WIDTH


class Ring:
    """Keeps the last `seconds` of pcm. Positions are samples since the ring was made and never go back."""

    def __init__(self, seconds: float) -> None:
        self._size = round(seconds * SAMPLE_RATE) * SAMPLE_WIDTH
        if self._size <= 0:
            raise ValueError("a ring must hold at least one sample")
        self._buffer = bytearray(self._size)
        self._held = 0
        self._end = 0

    @property
    def position(self) -> int:
        """Samples appended so far, which is the position of the next one."""
        return self._end // SAMPLE_WIDTH

    @property
    def oldest(self) -> int:
        """Position of the oldest sample still held; equals `position` when there is none."""
        return (self._end - self._held) // SAMPLE_WIDTH

    def append(self, pcm: bytes) -> None:
        """Take in pcm, overwriting the oldest."""
        if len(pcm) % SAMPLE_WIDTH:
            raise ValueError("half a sample")
        self._end += len(pcm)
        self._held = min(self._size, self._held + len(pcm))
        kept = memoryview(pcm)[-self._size :]
        at = (self._end - len(kept)) % self._size
        first = min(len(kept), self._size - at)
        self._buffer[at : at + first] = kept[:first]
        self._buffer[: len(kept) - first] = kept[first:]

    def tail(self, seconds: float) -> bytes:
        """The last `seconds` of pcm, or as much as there is."""
        return self._last(min(self._held, int(seconds * BYTES_PER_SECOND) // SAMPLE_WIDTH * SAMPLE_WIDTH))

    def since(self, position: int) -> bytes:
        """Everything from sample `position` on; what was overwritten or wiped is missing from its start."""
        return self._last(max(0, min(self._held, self._end - position * SAMPLE_WIDTH)))

    def zero(self) -> None:
        """Wipe the memory in place. Positions go on; what came before is gone."""
        self._buffer[:] = bytes(self._size)
        self._held = 0

    def _last(self, count: int) -> bytes:
        at = (self._end - count) % self._size
        first = min(count, self._size - at)
        with memoryview(self._buffer) as view:
            return b"".join((view[at : at + first], view[: count - first]))
