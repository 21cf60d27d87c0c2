"""`echoctl completion SHELL`: the script that lets Tab complete echoctl's commands, options and values."""

from enum import StrEnum
from typing import Annotated

import typer

from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group
from echoctl.services.system import completion as scripts

app = command_group("Print the completion script of a shell.")

_HELP = """Print the script that lets Tab complete commands, options, recordings, rooms, devices and the like.

\b
bash    echoctl completion bash > ~/.local/share/bash-completion/completions/echoctl
zsh     echoctl completion zsh > ~/.zfunc/_echoctl
        with, in ~/.zshrc:  fpath+=~/.zfunc; autoload -U compinit; compinit
fish    echoctl completion fish > ~/.config/fish/completions/echoctl.fish
pwsh    echoctl completion powershell >> $PROFILE

Nothing is installed by itself. For this shell alone: source <(echoctl completion bash), also with zsh, or
echoctl completion fish | source. bash needs the package bash-completion to find the file; without it put
source ~/.local/share/bash-completion/completions/echoctl into ~/.bashrc.
"""


class Shell(StrEnum):
    """The shells that there is a script for: the keys of services.system.completion.SCRIPTS."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


@app.command(help=_HELP)
def completion(shell: Annotated[Shell, typer.Argument(help="Whose script.", metavar="SHELL")]) -> None:
    """Print the generated script."""
    output.text(scripts.script(shell.value))
