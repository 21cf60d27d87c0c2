"""echoctl at a terminal of its own, with somebody who answers its questions."""

import os
import pty
import select
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def converse(argv: list[str], answers: list[tuple[str, str]], limit_s: float = 30.0) -> tuple[int, str]:
    """Run `echoctl …`; type each answer once its question has been shown. Returns exit code and all that was shown."""
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            os.environ["PYTHONPATH"] = str(REPOSITORY)
            os.execv(sys.executable, [sys.executable, "-m", "echoctl", *argv])
        finally:  # or this copy of pytest would go on through the suite
            os._exit(127)
    shown, seen, todo = "", 0, list(answers)
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if todo and todo[0][0] in shown[seen:]:
            seen = len(shown)
            time.sleep(0.05)  # getpass empties its input when it begins
            os.write(terminal, todo.pop(0)[1].encode(errors="surrogateescape") + b"\n")
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other side has closed
            break
        if not piece:
            break
        shown += piece.decode(errors="replace")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert not todo, f"never asked: {todo[0][0]!r} in {shown!r}"
    return os.waitstatus_to_exitcode(status), shown
