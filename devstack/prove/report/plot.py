"""The plot: a proof in, how work went on under which faults, as SVG and PNG, out.

matplotlib is needed for nothing else, and may be missing.
"""

import os
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devstack.prove.report.throughput import Throughput, throughput
from devstack.prove.result import Hit, Proof

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.typing import RcKeyType

_WIDTH, _PANEL_HEIGHT, _LANE_HEIGHT = 11.0, 2.2, 0.19  # inches
_LEAST_SHARE = 0.003
"""Of the whole time: how long a bar is that could not be seen otherwise."""

# Okabe and Ito's colours, which those who see few colours tell apart, too.
_INK, _FAINT = "#333333", "#b0b0b0"
_PRODUCED, _SETTLED, _WAITING = "#000000", "#56b4e9", "#e69f00"
_COLOURS: Mapping[str, str] = {
    "function": "#0072b2",
    "PostgreSQL": "#009e73",
    "network": "#56b4e9",
    "broker": "#d55e00",
    "mapping": "#cc79a7",
    "whole": "#555555",
}
"""Part of the stack → the colour of its faults, from top to bottom."""
_PARTS: Mapping[str, str] = {
    "function": "function",
    **dict.fromkeys(
        ("postgres", "connections", "disk", "statements", "writers", "quarantine"), "PostgreSQL"
    ),
    **dict.fromkeys(("connection", "network"), "network"),
    **dict.fromkeys(("broker", "leader", "consumer"), "broker"),
    **dict.fromkeys(("mapping", "commit", "delivered"), "mapping"),
}
"""The first word of a fault's name → the part that it disturbs; the others disturb the whole."""
_STYLE: "dict[RcKeyType, Any]" = {
    "axes.axisbelow": True,
    "axes.edgecolor": _FAINT,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": _INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.size": 9,
    "grid.color": "#e8e8e8",
    "legend.frameon": False,
    "svg.hashsalt": "serverless-orders",  # else each file would name its parts anew
    "text.color": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
}


def available() -> bool:
    """Tell whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def write(proof: Proof, folder: Path) -> list[Path]:
    """Draw a proof into `proof.svg` and `proof.png`; the same proof gives the same SVG."""
    # What matplotlib keeps for itself belongs to no home folder.
    os.environ.setdefault("MPLCONFIGDIR", str(folder / "matplotlib"))
    import matplotlib as mpl  # noqa: PLC0415 - it is slow, and may be missing

    svg, png = folder / "proof.svg", folder / "proof.png"
    with mpl.rc_context(_STYLE):
        figure = _figure(proof)
        figure.savefig(svg, metadata={"Date": None})
        figure.savefig(png, dpi=150)
    return [svg, png]


def part(fault: str) -> str:
    """Name the part of the stack that a fault disturbs."""
    return _PARTS.get(fault.partition("-")[0], "whole")


def _figure(proof: Proof) -> "Figure":
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    lanes = _lanes(proof.hits)
    heights = [_PANEL_HEIGHT, _PANEL_HEIGHT, max(1, len(lanes)) * _LANE_HEIGHT + 0.3]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 1.0), layout="constrained")
    rates, lag, faults = figure.subplots(3, sharex=True, height_ratios=heights)
    work = throughput(proof.samples, proof.seconds)
    _draw_rates(rates, work)
    _draw_lag(lag, work)
    _draw_faults(faults, proof, lanes)
    _name_parts(faults, lanes)
    for axes in (rates, lag):
        _shade(axes, proof.hits)
    figure.align_ylabels((rates, lag))
    verdict = "proved" if proof.holds else "not proved"
    figure.suptitle(
        f"{proof.ledger.produced} records, {len(proof.hits)} faults, seed {proof.seed}: {verdict}"
    )
    return figure


def _draw_rates(axes: "Axes", work: Throughput) -> None:
    axes.stairs(work.settled, work.edges, fill=True, color=_SETTLED, label="settled")
    axes.stairs(work.produced, work.edges, color=_PRODUCED, label="produced")
    axes.set_ylabel("records a second")
    axes.set_ylim(bottom=0)
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2)  # above, where nothing is


def _draw_lag(axes: "Axes", work: Throughput) -> None:
    axes.fill_between(work.edges, work.waiting, color=_WAITING, linewidth=0)
    axes.set_ylabel("records waiting")
    axes.set_ylim(bottom=0)


def _draw_faults(axes: "Axes", proof: Proof, lanes: Sequence[str]) -> None:
    for hit in proof.hits:
        lane, colour = lanes.index(hit.fault), _COLOURS[part(hit.fault)]
        length = max(hit.ended - hit.began, proof.seconds * _LEAST_SHARE)
        if hit.missed:
            axes.barh(lane, length, 0.7, hit.began, facecolor="none", edgecolor=colour)
            continue
        recovery = hit.recovery_seconds or 0.0
        axes.barh(lane, length + recovery, 0.35, hit.began, color=colour, alpha=0.4)
        axes.barh(lane, length, 0.8, hit.began, color=colour)
    axes.set_yticks(range(len(lanes)), lanes)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.set_xlim(0, proof.seconds)
    axes.set_xlabel("seconds; a bar is a fault, its tail the recovery, an empty one missed")


def _name_parts(axes: "Axes", lanes: Sequence[str]) -> None:
    beside = axes.get_yaxis_transform()
    for name, group in groupby(enumerate(lanes), key=lambda lane: part(lane[1])):
        numbers = [number for number, _ in group]
        axes.text(1.01, (numbers[0] + numbers[-1]) / 2, name, transform=beside, va="center")


def _shade(axes: "Axes", hits: Sequence[Hit]) -> None:
    for hit in hits:
        if not hit.missed:
            axes.axvspan(hit.began, hit.ended, color=_FAINT, alpha=0.25, linewidth=0, zorder=0)


def _lanes(hits: Sequence[Hit]) -> list[str]:
    """Return the names of the faults that came, those of one part beside each other."""
    parts = tuple(_COLOURS)
    return sorted({hit.fault for hit in hits}, key=lambda name: (parts.index(part(name)), name))
