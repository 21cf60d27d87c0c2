"""The panes that show this moment: the ring, the Now pane, and the lines that say the state."""

from dataclasses import replace

from textual.containers import Container

from echoctl.tui import layout
from echoctl.tui.live_state import Now
from echoctl.tui.widgets.now import NowPane
from echoctl.tui.widgets.ring import FRAME_S, RingStyle, RingWidget
from echoctl.tui.widgets.status import StatusLine


class LivePanes:
    """What is known of this moment, and the widgets that show it; they are redrawn only while something happens."""

    def __init__(self, *, motion: bool) -> None:
        self.now = Now()
        self.ring = RingWidget(id="ring")
        self.ring.motion = motion
        self.word = StatusLine(id="word")
        self.word.centred = True
        self.ring_box = Container(self.ring, self.word, id="ringbox")
        self.pane = layout.titled(NowPane(id="now"))
        self.status = StatusLine(id="status")

    def begin(self) -> None:
        """Show the first picture, once the widgets are mounted."""
        self.frames = self.ring.set_interval(FRAME_S, self.step, pause=True)
        self.show(self.now)

    def draw_ring(self, style: RingStyle) -> None:
        """Draw the ring in another style, or in another theme's colours."""
        self.ring.ring_style = style
        self.ring.forget()

    def show(self, now: Now) -> None:
        """Show another moment, and let the ring move if it does."""
        self.now = now
        self.ring.show(now.led, now.level)
        self._write()
        layout.colour(self.ring_box, now.led)
        if self.ring.moves:
            self.frames.resume()
        else:
            self.frames.pause()

    def show_level(self, now: Now) -> None:
        """Show a moment that differs by its level alone: where the ring moves, the next frame does it."""
        if self.ring.moves:
            self.now = now
        else:
            self.show(now)

    def step(self) -> None:
        """Draw the next frame of the moving ring, and the words beside it."""
        self.ring.step()
        self._write()

    def forget_words(self) -> None:
        """Leave nothing that was said on the screen."""
        if self.now.last is not None:
            self.show(replace(self.now, last=replace(self.now.last, text=None), partial=""))

    def _write(self) -> None:
        self.ring.level = self.now.level
        for widget in (self.pane, self.status, self.word):
            widget.show(self.now)
