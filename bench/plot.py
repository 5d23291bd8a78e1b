"""The ratios as an SVG: one panel for each metric, one row for each target, one dot for each number of connections."""

import html
import math

COLOURS = ("#0969da", "#bf8700", "#cf222e", "#8250df")
LEFT, PANEL, GAP, ROW, TOP = 170, 150, 14, 24, 54
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


def _text(x, y, text, anchor="start", colour="#1f2328"):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{html.escape(text)}</text>'


def _line(x1, y1, x2, y2, colour):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _panel(x, title, points, rows):
    bottom = TOP + rows * ROW
    values = [1, *points.values()]
    low = max(step for step in STEPS[:-1] if step <= max(min(values), STEPS[0]))
    high = min(step for step in STEPS[1:] if step >= min(max(values), STEPS[-1]) and step > low)

    def place(value):
        share = math.log(min(max(value, low), high) / low) / math.log(high / low)
        return x + 8 + share * (PANEL - 16)

    out = [f'<rect x="{x}" y="{TOP}" width="{PANEL}" height="{rows * ROW}" fill="#f6f8fa"/>',
           _text(x + PANEL / 2, TOP - 8, title, "middle")]
    for step in STEPS:
        if low <= step <= high:
            out.append(_line(place(step), TOP, place(step), bottom, "#57606a" if step == 1 else "#d0d7de"))
    for step in {low, 1, high}:
        out.append(_text(place(step), bottom + 14, f"{step:g}", "middle", "#57606a"))
    for (row, series), value in points.items():
        out.append(f'<circle cx="{place(value):.1f}" cy="{TOP + (row + 0.5) * ROW + (series - 1) * 4:.1f}" r="3.5" '
                   f'fill="{COLOURS[series % len(COLOURS)]}"><title>{value:.2f}</title></circle>')
    return out


def ratios(panels, rows, series):
    """`panels`: {title: {(row, series): ratio}} by the positions of their names; a ratio that is missing has no dot."""
    width = LEFT + len(panels) * (PANEL + GAP)
    height = TOP + len(rows) * ROW + 44
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
           f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
           _text(8, 20, "Ratio to nginx, one core each, logarithmic; no dot: it varied by more than 5 % between rounds")]
    for number, name in enumerate(series):
        x = width - 120 * (len(series) - number)
        out += [f'<circle cx="{x}" cy="16" r="3.5" fill="{COLOURS[number % len(COLOURS)]}"/>', _text(x + 8, 20, name)]
    out += [_text(8, TOP + (row + 0.5) * ROW + 4, name) for row, name in enumerate(rows)]
    for column, (title, points) in enumerate(panels.items()):
        out += _panel(LEFT + column * (PANEL + GAP), title, points, len(rows))
    note = "requests/s: right is better; all else: left is better"
    return "\n".join([*out, _text(LEFT, height - 8, note, colour="#57606a"), "</svg>", ""])
