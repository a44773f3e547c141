"""The metrics as a table in Markdown."""

from __future__ import annotations

import re

from neasmart_gateway.metrics.catalogue import CATALOGUE, Metric

_TABLE = re.compile(r"(<!-- made by [^\n]*-->\n)[^#]*")


def with_metrics(page: str) -> str:
    """Return a page with the table, as it is now, between its mark and the next heading."""
    table = "\n".join(["", "| metric | kind | labels | what |", "|---|---|---|---|", *map(_row, CATALOGUE), "", ""])
    return _TABLE.sub(lambda mark: mark[1] + table, page)


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |"
