"""`echoctl traffic`: what a smart speaker sends, to whom, and whether anybody called it. One module per verb."""

from echoctl.cli.terminal.group import command_group
from echoctl.cli.traffic import devices, experiment, import_, listing, report, verdict, watch

app = command_group(
    "Watch a smart speaker's packets, name who it talks to, and judge what it uploads.\n\n"
    "\b\n"
    "echoctl traffic watch --ssh root@router           live, from a router\n"
    "echoctl traffic import evening.pcap               from a capture\n"
    "echoctl traffic devices name aa:bb dot --speaker  which to judge\n"
    "echoctl traffic verdict                           was it called for"
)

app.command("watch")(watch.watch)
app.command("import")(import_.import_)
app.add_typer(devices.app, name="devices")
app.command("endpoints")(listing.endpoints)
app.command("bursts")(listing.bursts)
app.command("verdict")(verdict.verdict)
app.command("report")(report.report)
app.command("experiment")(experiment.experiment)
