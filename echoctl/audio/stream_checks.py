"""Two things that a failing microphone does while it seems to work: the wrong rate, and digital silence."""

RATE_TOLERANCE = 0.02
"""A device further off than this does not run at the rate it states: 44.1 kHz taken for 48 kHz is 8 %."""

SETTLE_S = 0.5
"""After opening, and after any gap, blocks come in a burst: they say nothing about the rate."""

JITTER_S = 0.16
"""How far a block's time of arrival may be off: two blocks."""

MIN_LOOK_S = 2.0

WINDOW_S = 20.0
"""Each look at the rate is at most this long."""

GAP_S = 0.5
"""This much more time than audio since the last look: the machine slept or the server stuttered."""

SILENT_S = 5.0
"""Exact zeros for this long are worth a word the first time."""

SILENT_MAX_S = 3600.0


class RateWatch:
    """Compares the frames that came with the monotonic clock."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._last: tuple[int, float] | None = None
        self._settled_at = 0.0
        self._since: tuple[int, float] | None = None
        self._losses = 0
        self._reported = False

    def feed(self, frames: int, at: float, losses: int) -> float | None:
        """Take the frames so far, when the last of them came (s), and how often audio was lost.

        Returns the measured rate in Hz, once, when at least two seconds show that it is off.
        """
        if self._last is None or self._late_s(*self._last, frames, at) > GAP_S or losses != self._losses:
            self._since, self._settled_at, self._losses = None, at + SETTLE_S, losses
        self._last = frames, at
        if self._since is None:
            self._since = (frames, at) if at >= self._settled_at else None
            return None
        count, seconds = frames - self._since[0], at - self._since[1]
        off = abs(count - self._rate * seconds) > self._rate * (RATE_TOLERANCE * seconds + JITTER_S)
        if seconds > WINDOW_S:
            self._since = (frames, at)
        if not off or seconds < MIN_LOOK_S or self._reported:
            return None
        self._reported = True
        return count / seconds

    def _late_s(self, frames: int, at: float, later_frames: int, later_at: float) -> float:
        return (later_at - at) - (later_frames - frames) / self._rate


class SilenceWatch:
    """Notices when there is not even noise.

    Some real microphones suppress noise down to exact zeros, so silence is reported and nothing is closed; and each
    time that sound comes back the next report takes twice as long, or every sentence in a quiet room would be news.
    """

    def __init__(self) -> None:
        self._limit_s = SILENT_S
        self._quiet_s = 0.0
        self._reported = False

    def feed(self, zeros: bool, seconds: float) -> float | None:
        """Take a block of zeros, or of something; returns the seconds of silence when they become too many, and 0.0
        when that is over.
        """
        if zeros:
            self._quiet_s += seconds
            if self._reported or self._quiet_s < self._limit_s:
                return None
            self._reported = True
            return self._quiet_s
        was, self._reported, self._quiet_s = self._reported, False, 0.0
        if not was:
            return None
        self._limit_s = min(SILENT_MAX_S, 2 * self._limit_s)
        return 0.0
