"""`echoctl traffic report`: a week of a speaker in two pictures, its verdict in sentences."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from echoctl.cli.terminal import diagnostics, output
from echoctl.cli.traffic import verdict
from echoctl.errors import UsageError
from echoctl.text import verdict_text
from echoctl.text.format import capital, printable, size_text

if TYPE_CHECKING:
    from echoctl.services.traffic.report import Share, TrafficReport

Html = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write a page that needs nothing else; - is stdout.")
]
Svg = Annotated[Path | None, typer.Option("--svg", metavar="FILE", help="Write the two pictures alone; - is stdout.")]
Since = Annotated[
    str | None, typer.Option("--since", metavar="WHEN", help="7d, 12h, a date or time; else the last week watched.")
]

_BLOCKS = " ▁▂▃▄▅▆▇█"
_SPARK = 72

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; background: #f4f5f7; color: #3d4654;
  font: 15px/1.55 "Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif }}
main {{ max-width: 1120px; margin: 0 auto; padding: 28px 20px 48px }}
section {{ background: #fff; border-radius: 14px; box-shadow: 0 1px 3px #151b2614, 0 8px 28px #151b260d;
  margin-bottom: 28px; overflow: hidden }}
svg {{ display: block; width: 100%; height: auto }}
ul {{ margin: 0; padding: 4px 40px 30px 58px }}
li {{ margin: 6px 0 }}
footer {{ color: #727c8a; font-size: 13px }}
</style>
</head>
<body>
<main>
{sections}
<footer>Made by echoctl on this machine. Speech is told by the shape of uploads, not by listening:
docs/traffic-method.md says how sure that is.</footer>
</main>
</body>
</html>
"""


def report(
    device: verdict.Name = None,
    since: Since = None,
    wakes: verdict.Wakes = None,
    html: Html = None,
    svg: Svg = None,
    json: output.Json = False,
) -> None:
    """Show the rate over time with its wake words, and who gets how much before, during and after a request.

    As text, or as pictures with --html or --svg.
    """
    from echoctl.services.traffic import report as reports

    found = reports.gather(device, since, wakes)
    if json:
        output.document({"reports": [_document(each) for each in found]})
    if svg and len(found) > 1:
        raise UsageError("one picture shows one speaker", f"echoctl traffic report {found[0].verdict.name} --svg {svg}")
    if html:
        write(html, page(found))
    if svg:
        write(svg, _picture(found[0]))
    if not (json or html or svg):
        for number, each in enumerate(found):
            if number:
                output.line()
            _show(each)


def page(found: Sequence["TrafficReport"]) -> str:
    """A page that holds everything it needs."""
    sections = "\n".join(f"<section>\n{_picture(each)}<ul>\n{_items(each)}</ul>\n</section>" for each in found)
    names = ", ".join(f"{each.verdict.name}: {verdict_text.headline(each.verdict)}" for each in found)
    return _PAGE.format(title=escape(printable(names)), sections=sections)


def _picture(found: "TrafficReport") -> str:
    from echoctl.cli.traffic.svg import svg  # the store's modules come with it

    return svg(found)


def _items(found: "TrafficReport") -> str:
    texts = (sentence.text for sentence in verdict_text.sentences(found.verdict))
    return "".join(f"<li>{escape(capital(text))}</li>\n" for text in texts)


def write(place: Path, text: str) -> None:
    """Write what was asked for where it was asked for; - is stdout."""
    if str(place) == "-":
        output.text(text)
        return
    place.write_text(text, "utf-8")
    diagnostics.note(f"{place} is written: {size_text(len(text.encode()))}")


def _show(found: "TrafficReport") -> None:
    verdict.show(found.verdict)
    output.line()
    output.line(f"  upload    {_spark(found.up)}  up to {size_text(max(found.up, default=0))}/s")
    output.line(f"  download  {_spark(found.down)}  up to {size_text(max(found.down, default=0))}/s")
    output.line()
    if found.requests:
        rows = [
            (share.name, *(_pair(part) for part in (share.before, share.during, share.after))) for share in found.shares
        ]
        output.table(rows, ("ENDPOINT, UP/DOWN PER REQUEST", "10 s BEFORE", "DURING", "10 s AFTER"))
    else:
        output.table([(share.name, _pair(share.during)) for share in found.shares], ("ENDPOINT", "UP/DOWN IN ALL"))


def _spark(values: Sequence[int]) -> str:
    """The busiest second of each piece of the time, as blocks."""
    if not values:
        return ""
    size = min(_SPARK, len(values))
    pieces = [max(values[at * len(values) // size : (at + 1) * len(values) // size]) for at in range(size)]
    most = max(pieces) or 1
    return "".join(_BLOCKS[-(-value * (len(_BLOCKS) - 1) // most)] for value in pieces)


def _pair(part: tuple[float, float]) -> str:
    return f"{size_text(round(part[0]))} / {size_text(round(part[1]))}"


def _document(found: "TrafficReport") -> dict[str, Any]:
    return {
        "verdict": verdict.document(found.verdict),
        "since": output.moment(found.begin_ms),
        "until": output.moment(found.end_ms),
        "step_s": found.step_s,
        "up": list(found.up),
        "down": list(found.down),
        "wakes": [{"at": output.moment(wake.at_ms), "word": wake.word or None, "id": wake.id} for wake in found.wakes],
        "requests": found.requests,
        "endpoints": [_share(share) for share in found.shares],
    }


def _share(share: "Share") -> dict[str, Any]:
    parts = (("before", share.before), ("during", share.during), ("after", share.after))
    return {"name": share.name, **{word: {"up": round(up), "down": round(down)} for word, (up, down) in parts}}
