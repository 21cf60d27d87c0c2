"""`echoctl audit`: does what echoctl promises about itself hold here, by trying and by the kernel's own word?"""

import typer

from echoctl.cli.terminal import output
from echoctl.cli.terminal.group import command_group

app = command_group("Try whether what listens can get out, and look for what should not be there.")


@app.command()
def audit(json: output.Json = False) -> None:
    """Try whether what listens could send anything, and look for what should not be there.

    A real ear and a real microphone, sandboxed and at work, try everything they could get out by: to send, to ask
    others, to read the vault's key, to write what runs later. All of it must fail. The microphone is opened for a
    moment, unless it is muted, and nothing that it hears is kept. A canary is recorded into a throw-away store and
    searched for everywhere. Then: what the kernel counts for the running listener, who may read its files, and what
    could still leak. Exits with 11 when a promise does not hold.
    """
    from echoctl.services.system import audit as audits

    report = audits.audit()
    if json:
        output.document(audits.as_json(report))
    else:
        for part in audits.PARTS:
            output.line(part)
            for check in report.findings[part]:
                output.line(f"  {check.grade.value:<4}  {check.name:<15} {check.text}")
                if check.fix:
                    output.line(f"  {'':<4}  {'':<15} fix: {check.fix}")
    raise typer.Exit(report.exit_code)
