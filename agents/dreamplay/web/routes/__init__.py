"""The routes of the page, one module for each part of it."""

from __future__ import annotations

from dreamplay.web.routes import compare, knows, line, read, runs, stage, start, visit

ROUTERS = (
    runs.router, start.router, line.router, knows.router, visit.router, compare.router, read.router, stage.router,
)  # fmt: skip
