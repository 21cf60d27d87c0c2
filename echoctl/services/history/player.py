"""Playing a recording while something else goes on: in a thread, which tells its position and stops at once."""

import threading
from collections.abc import Callable

from echoctl.errors import DeviceError, EchoctlError

OnPosition = Callable[[float], None]
"""Gets the seconds that were played, some 20 times a second, in the player's thread."""

OnEnd = Callable[[EchoctlError | None], None]
"""Gets what went wrong, or None, in the player's thread."""


class _Stopped(Exception):
    """Ends a playback from within its position callback: it was stopped, or another one has begun."""


class Player:
    """Plays one recording at a time; a new one ends the one before."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None
        self._wanted = 0

    @property
    def is_playing(self) -> bool:
        """Whether there is sound."""
        return self._thread is not None and self._thread.is_alive()

    def play(self, flac: bytes, on_position: OnPosition, on_end: OnEnd) -> None:
        """Begin to play a FLAC file; returns at once."""
        self.stop()
        self._thread = threading.Thread(
            target=self._run, args=(self._wanted, flac, on_position, on_end), name="player", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End what plays, within some 50 ms."""
        self._wanted += 1
        if self._thread is not None:
            self._thread.join(1.0)
        self._thread = None

    def _run(self, number: int, flac: bytes, on_position: OnPosition, on_end: OnEnd) -> None:
        def tell(seconds: float) -> None:
            if number != self._wanted:
                raise _Stopped
            on_position(seconds)

        problem: EchoctlError | None = DeviceError("the speaker failed", "the log may tell why")
        try:
            # numpy, libsndfile and PortAudio: only for those who want to hear something.
            from echoctl.audio import codec, playback  # noqa: PLC0415 - see above

            playback.play(codec.decode_flac(flac), on_position=tell)
            problem = None
        except _Stopped:
            problem = None
        except EchoctlError as error:
            problem = error
        finally:
            on_end(problem)
