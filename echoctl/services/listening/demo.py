"""`listen --demo`: the packaged sample, and a store that exists only as long as the demonstration."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import echoctl
from echoctl import paths

SAMPLE = Path(echoctl.__file__).parent / "audio" / "demo.flac"
"""Synthetic speech; made by tools/make_demo.py."""


@contextlib.contextmanager
def throw_away_store() -> Iterator[None]:
    """Point this process, and the ear that it starts, at an empty store in a private folder that is removed.

    Speech models are still found where they are.
    """
    import tempfile  # noqa: PLC0415 - with its random numbers a third of a bare interpreter, for the demonstration alone

    models = os.pathsep.join(paths.model_dirs())
    with tempfile.TemporaryDirectory(prefix="echoctl-demo-") as folder:
        places = {
            "ECHOCTL_DATA_DIR": os.path.join(folder, "data"),
            "ECHOCTL_STATE_DIR": os.path.join(folder, "state"),
            "ECHOCTL_MODELS_DIR": models,
        }
        before = {name: os.environ.get(name) for name in places}
        os.environ.update(places)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
