"""Text for people: Markdown tables that are aligned, too."""


def table(header, rows):
    """The first column is text, the others are numbers."""
    cells = [[str(cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(row):
        return "| " + " | ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:]))]) + " |"

    return "\n".join(map(line, [cells[0], rule, *cells[1:]]))


def microseconds(value):
    for limit, scale, unit in ((1e3, 1, "µs"), (1e6, 1e3, "ms"), (float("inf"), 1e6, "s")):
        if value < limit:
            scaled = value / scale
            return f"{scaled:.0f} {unit}" if scaled >= 100 or scale == 1 else f"{scaled:.2g} {unit}"
    raise ValueError(value)


def connections(count):
    return f"{count} connection" + ("" if int(count) == 1 else "s")


def mebibytes(value):
    return f"{value / (1 << 20):.1f} MiB"
