"""What Ctrl-C does: while modules are loaded it just ends the process, and then it is an exception as ever.

An exception may come up in the very code that loads modules, and be lost there: then the command would go on.
"""

import _signal  # type: ignore[import-not-found]  # what `signal` wraps: that brings enum, too costly for the hot verbs


def deadly() -> None:
    """From now on Ctrl-C ends the process at once, unless it is ignored, as in the background of a script."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)


def raised() -> None:
    """From now on Ctrl-C is an exception, which leaves things in order."""
    if _signal.getsignal(_signal.SIGINT) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGINT, _signal.default_int_handler)
