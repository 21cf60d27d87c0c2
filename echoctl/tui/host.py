"""What the parts of the dashboard ask of the app. It imports them; they know it by this protocol alone."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol, TypeVar

from textual.message import Message
from textual.screen import Screen

from echoctl.errors import EchoctlError

Answer = TypeVar("Answer")


class Host(Protocol):
    """The app: it speaks on the bottom line, runs what takes time, and has screens over its panes."""

    @property
    def keymap(self) -> Mapping[str, str]:
        """The keys of each action, by its id."""

    def say(self, text: str, style: str = "") -> None:
        """Show a message on the bottom line for a while; an empty one brings the keys back."""

    def complain(self, error: EchoctlError) -> None:
        """Say what went wrong, and what to do about it."""

    def start(self, work: Coroutine[Any, Any, object]) -> None:
        """Run something beside the screen; what goes wrong in it is a sentence on the bottom line."""

    # What Textual's App has under these names.

    @property
    def screen_stack(self) -> list[Screen[Any]]:
        """The panes, and what is over them."""

    def push_screen(self, screen: Screen[Any]) -> object:
        """Show a screen over the others."""

    async def push_screen_wait(self, screen: Screen[Answer]) -> Answer:
        """Show a screen over the others, and return what it was dismissed with."""

    def post_message(self, message: Message) -> bool:
        """Send the app a message, from any thread."""

    def call_later(self, callback: Callable[..., object], *arguments: Any) -> bool:
        """Call something on the app's own thread, from any thread."""

    def copy_to_clipboard(self, text: str) -> None:
        """Put a text on the terminal's clipboard (OSC 52)."""
