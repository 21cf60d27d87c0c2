"""The command line in this process, and a vault with a passphrase: what the tests of the commands share."""

from collections.abc import Callable

from tests.conftest import Run

GOOD = "correct horse battery"

Main = Callable[..., Run]
