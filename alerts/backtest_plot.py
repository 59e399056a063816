"""What a backtest found as one HTML file that needs nothing else: no request leaves it.

A row a Thing: its series, the limits, when it would have fired, and values of too bad a quality.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final

from alerts.backtest import Firing, Trial
from alerts.backtest_report import Report, Tried, most_firing
from alerts.backtest_text import at, in_words, levels, percent
from alerts.durations import written
from storage.model import HANOI, Text
from storage.units import symbol

ROWS: Final = 24
"""Things that are drawn, those that fired longest first."""
ROW_PX: Final = 240
LEAST_PX: Final = 420
LINE: Final = "#1f5f9e"
LIMIT: Final = "#b3261e"
CLEAR: Final = "#2e7d32"
DOUBTFUL: Final = "#8a5a00"
SHADE: Final = "rgba(179, 38, 30, 0.18)"
_NAMES: Final = {
    "series": "Giá trị / Values",
    "firing": "Báo động / Firing",
    "begins": "Bắt đầu báo / Begins to fire",
    "doubtful": "Chất lượng kém, không xét / Bad quality, not looked at",
    "limit": "Ngưỡng / Limit",
    "clear": "Ngưỡng kết thúc / Clear level",
}

Figure = dict[str, Any]


def page(report: Report, plotly_js: str) -> str:
    """`plotly_js` is the library's source, as plotly.offline.get_plotlyjs() has it."""
    drawn = _drawn(report)
    titles = [f"{rule.title.vi} / {rule.title.en}" for rule in report.rules]
    content = json.dumps(figure(drawn), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return _PAGE.format(
        title=escape(f"{', '.join(rule.key for rule in report.rules)}: {'; '.join(titles)}"),
        rules="".join(_rule(report, number) for number in range(len(report.rules))),
        facts=_list(_facts(report, len(drawn))),
        figure=content,
        plotly=plotly_js.replace("</script", "<\\/script"),
    )


def figure(tried: Sequence[Tried]) -> Figure:
    """Plain JSON for Plotly. Times are Hanoi's: Plotly knows no time zones."""
    height_px = max(LEAST_PX, len(tried) * ROW_PX)
    layout: Figure = {
        "height": height_px + 110,
        "margin": {"l": 70, "r": 24, "t": 60, "b": 50},
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": 1 + 26 / height_px, "yanchor": "bottom"},
        "plot_bgcolor": "#ffffff",
        "annotations": [],
    }
    traces: list[Figure] = []
    named: set[str] = set()
    for number, one in enumerate(tried):
        axis = "" if number == 0 else str(number + 1)
        low, high = _reach(one.trial)
        layout[f"xaxis{axis}"] = _x_axis(one.trial, axis, is_last=number == len(tried) - 1)
        layout[f"yaxis{axis}"] = _y_axis(one.trial, axis, number, len(tried), low, high)
        layout["annotations"].append(_heading(one, axis))
        traces += [_shown_once(trace, axis, named) for trace in _traces(one.trial, low, high)]
    return {"data": traces, "layout": layout}


def _drawn(report: Report) -> Sequence[Tried]:
    fired = most_firing(report.tried)
    others = [one for one in report.tried if not one.trial.firings and one.trial.values]
    return [*fired, *others][:ROWS]


def _traces(trial: Trial, low: float, high: float) -> Iterator[Figure]:
    yield _shades(trial, low, high)
    for level, is_clear in levels(trial.rule):
        yield _level(trial, level, "clear" if is_clear else "limit")
    yield _series(trial)
    yield _begins(trial)
    marks = list(trial.outline.marks())
    if marks:
        yield {
            "name": _NAMES["doubtful"],
            "mode": "markers",
            "x": [_local(point.time) for point in marks],
            "y": [point.value for point in marks],
            "text": [f"QARTOD {point.quality}" for point in marks],
            "marker": {"symbol": "x", "size": 8, "color": DOUBTFUL},
            "hovertemplate": "%{x|%H:%M:%S %d/%m/%Y}<br>%{y:,.6~g}<br>%{text}<extra></extra>",
        }


def _series(trial: Trial) -> Figure:
    points = list(trial.outline.line())
    unit = symbol(trial.rule.unit)
    return {
        "name": _NAMES["series"],
        "mode": "lines+markers" if len(points) <= 300 else "lines",
        "x": [_local(point.time) if point else None for point in points],
        "y": [point.value if point else None for point in points],
        "connectgaps": False,
        "line": {"color": LINE, "width": 1.5},
        "marker": {"size": 4},
        "hovertemplate": f"%{{x|%H:%M:%S %d/%m/%Y}}<br>%{{y:,.6~g}} {unit}<extra></extra>",
    }


def _shades(trial: Trial, low: float, high: float) -> Figure:
    """One trace for all firings: a thousand shapes would make the page slow."""
    times: list[str | None] = []
    heights: list[float | None] = []
    for firing in trial.firings:
        begin, end = _local(max(firing.since, trial.start)), _local(firing.until or trial.end)
        times += [begin, begin, end, end, None]
        heights += [low, high, high, low, None]
    return {
        "name": _NAMES["firing"],
        "mode": "lines",
        "x": times,
        "y": heights,
        "fill": "toself",
        "fillcolor": SHADE,
        "line": {"width": 0.5, "color": LIMIT},
        "hoverinfo": "skip",
    }


def _begins(trial: Trial) -> Figure:
    unit = "" if trial.rule.condition.silence else symbol(trial.rule.unit)
    return {
        "name": _NAMES["begins"],
        "mode": "markers",
        "x": [_local(max(firing.since, trial.start)) for firing in trial.firings],
        "y": [_height(trial, firing) for firing in trial.firings],
        "text": [_firing(trial, firing, unit) for firing in trial.firings],
        "marker": {"symbol": "triangle-right", "size": 9, "color": LIMIT},
        "hovertemplate": "%{text}<extra></extra>",
    }


def _height(trial: Trial, firing: Firing) -> float:
    """Where the mark stands: on the limit, or where there is none at the height of the peak."""
    own = [level for level, is_clear in levels(trial.rule) if not is_clear]
    return own[0] if own else _within(trial, firing.peak)


def _within(trial: Trial, value: float) -> float:
    """A change or a difference from the usual is no value of the series: it is put where it can be seen."""
    low, high = _reach(trial)
    return min(max(value, low), high)


def _firing(trial: Trial, firing: Firing, unit: str) -> str:
    until = at(firing.until) if firing.until else "…"
    lasted = written((firing.until or trial.end) - firing.since)
    peak = f"<br>đỉnh / peak {firing.peak:g} {unit}" if unit or not trial.rule.condition.silence else ""
    flapping = "<br>chập chờn / flapping" if firing.flapping else ""
    return f"{at(firing.since)} → {until}<br>{lasted}{peak}{flapping}"


def _level(trial: Trial, level: float, kind: str) -> Figure:
    return {
        "name": _NAMES[kind],
        "mode": "lines",
        "x": [_local(trial.start), _local(trial.end)],
        "y": [level, level],
        "line": {
            "color": LIMIT if kind == "limit" else CLEAR,
            "width": 1.2,
            "dash": "dash" if kind == "limit" else "dot",
        },
        "hovertemplate": f"{_NAMES[kind]}: {level:g} {symbol(trial.rule.unit)}<extra></extra>",
    }


def _shown_once(trace: Figure, axis: str, named: set[str]) -> Figure:
    """In the legend, however many rows have it."""
    is_new = trace["name"] not in named and bool(trace["x"])
    if is_new:
        named.add(trace["name"])
    return {
        "type": "scatter",
        **trace,
        "xaxis": f"x{axis}",
        "yaxis": f"y{axis}",
        "legendgroup": trace["name"],
        "showlegend": is_new,
    }


def _reach(trial: Trial) -> tuple[float, float]:
    own = [level for level, _ in levels(trial.rule)]
    low, high = trial.outline.reach() or (min(own, default=0.0), max(own, default=1.0))
    low, high = min(low, *own, high), max(high, *own, low)
    room = 0.06 * (high - low) or 1.0
    return low - room, high + room


def _x_axis(trial: Trial, axis: str, *, is_last: bool) -> Figure:
    shared = {} if not axis else {"matches": "x"}
    return {
        "type": "date",
        "range": [_local(trial.start), _local(trial.end)],
        "anchor": f"y{axis}",
        "showticklabels": is_last,
        "gridcolor": "#e3e7ee",
        "title": {"text": "Giờ Hà Nội / Hanoi time"} if is_last else {},
        **shared,
    }


def _y_axis(trial: Trial, axis: str, number: int, rows: int, low: float, high: float) -> Figure:
    height = 1 / rows
    top = 1 - number * height
    return {
        "domain": [max(0.0, top - 0.78 * height), top],
        "anchor": f"x{axis}",
        "range": [low, high],
        "gridcolor": "#e3e7ee",
        "title": {"text": symbol(trial.rule.unit)},
    }


def _heading(one: Tried, axis: str) -> Figure:
    trial = one.trial
    share = percent(trial.firing_for / (trial.end - trial.start))
    said = f"{len(trial.begun)} lần báo / firings, {written(trial.firing_for)}, {share}"
    return {
        "text": f"<b>{escape(_both(one.name))}</b> · {escape(trial.rule.key)} · {said}",
        "xref": f"x{axis} domain",
        "yref": f"y{axis} domain",
        "x": 0,
        "y": 1,
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "align": "left",
    }


def _both(name: Text) -> str:
    return name.vi if name.vi == name.en else f"{name.vi} / {name.en}"


def _local(time: datetime) -> str:
    return time.astimezone(HANOI).strftime("%Y-%m-%d %H:%M:%S")


def _rule(report: Report, number: int) -> str:
    rule = report.rules[number]
    return (
        f"<h1><span lang=vi>{escape(rule.title.vi)}</span> / <span lang=en>{escape(rule.title.en)}</span></h1>"
        f"<p><code>{escape(rule.key)}</code>: {escape(in_words(rule))}</p>"
    )


def _facts(report: Report, drawn: int) -> Iterator[str]:
    span = f"{at(report.start)} – {at(report.end)}"
    yield f"{report.source}; {span} (giờ Hà Nội / Hanoi time). Chạy thử, không cảnh báo ai / A trial: nobody was told."
    yield (
        f"{report.firings} lần báo / firings; {percent(report.share_firing)} thời gian / of the time;"
        f" dài nhất / longest {written(report.longest)}; chập chờn / flapping {report.flapping_episodes}"
    )
    for receiver, reasons in report.messages.by_receiver.items():
        yield f"{receiver}: {sum(reasons.values())} tin nhắn / messages ({report.alerting})"
    if not report.messages.by_receiver:
        yield f"Không có tin nhắn / No messages ({report.alerting})"
    yield from (_both(note) for note in report.notes)
    if drawn < len(report.tried):
        others = len(report.tried) - drawn
        yield f"Không vẽ {others} đối tượng khác / {others} others are not drawn."


def _list(facts: Iterator[str]) -> str:
    return "".join(f"<li>{escape(fact)}</li>" for fact in facts)


_PAGE: Final = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline';\
 style-src 'unsafe-inline'; img-src data: blob:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #17202e; background: #fff }}
h1 {{ font-size: 1.3rem; margin: 0 }}
p {{ margin: 0 0 0.6rem }}
</style>
</head>
<body>
{rules}
<ul>{facts}</ul>
<div id="plot"></div>
<script>{plotly}</script>
<script>
const drawn = {figure};
Plotly.newPlot("plot", drawn.data, drawn.layout, {{ responsive: true, displaylogo: false }});
</script>
</body>
</html>
"""
