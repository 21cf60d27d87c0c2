"""Write completions/: for each shell a script made from the command tree, so that Tab needs no process for words.

python tools/make_completions.py            write them (make completions)
python tools/make_completions.py --check    write nothing; exit with 1 when one of them is not what it should be
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from echoctl.services.system.completion import SCRIPTS  # noqa: E402 - the checkout that this file is in, not another one
from tools.shells.tree import tree  # noqa: E402

FOLDER = ROOT / "completions"


def stale() -> dict[Path, str]:
    """The files that are not what they should be, and what they should hold."""
    whole = tree()
    texts = {
        FOLDER / file: importlib.import_module(f"tools.shells.{shell}").write(whole) for shell, file in SCRIPTS.items()
    }
    return {file: text for file, text in texts.items() if not file.exists() or file.read_text("utf-8") != text}


def main(check: bool) -> int:
    """Write the files, or only say which of them are stale."""
    found = stale()
    for file, text in found.items():
        if not check:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8")
        print(f"{file.relative_to(ROOT)}: {'stale; make completions' if check else 'written'}")
    return 1 if found and check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
