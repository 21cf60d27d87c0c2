"""`echoctl traffic`: what a smart speaker sends, to whom, and whether anybody called it. One module per verb."""

from echoctl.cli import (
    traffic_devices,
    traffic_experiment,
    traffic_import,
    traffic_listing,
    traffic_report,
    traffic_verdict,
    traffic_watch,
)
from echoctl.cli.group import command_group

app = command_group(
    "Watch a smart speaker's packets, name who it talks to, and judge what it uploads.\n\n"
    "\b\n"
    "echoctl traffic watch --ssh root@router           live, from a router\n"
    "echoctl traffic import evening.pcap               from a capture\n"
    "echoctl traffic devices name aa:bb dot --speaker  which to judge\n"
    "echoctl traffic verdict                           was it called for"
)

app.command("watch")(traffic_watch.watch)
app.command("import")(traffic_import.import_)
app.add_typer(traffic_devices.app, name="devices")
app.command("endpoints")(traffic_listing.endpoints)
app.command("bursts")(traffic_listing.bursts)
app.command("verdict")(traffic_verdict.verdict)
app.command("report")(traffic_report.report)
app.command("experiment")(traffic_experiment.experiment)
