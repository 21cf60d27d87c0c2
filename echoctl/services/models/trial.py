"""Loading a speech model for a trial, in a process of its own: `python -m echoctl.services.models.trial FOLDER`.

Kaldi reads models in C++, and some damage makes it end the process instead of complaining. The model may have come from
anywhere, so the process is shut in as the ear is: it sees the program and this model.
"""

import dataclasses
import sys

from echoctl.model.listener import SandboxPolicy
from echoctl.services.sandbox import enter, roles


def main(folder: str) -> None:
    """Load the model. Raises ModelError."""
    enter.enter(SandboxPolicy.TRY, dataclasses.replace(roles.decoder(), models=(folder,)))
    from echoctl.speech.models import Model  # noqa: PLC0415 - C libraries: the sandbox comes first

    Model.load(folder)


if __name__ == "__main__":
    main(sys.argv[1])
