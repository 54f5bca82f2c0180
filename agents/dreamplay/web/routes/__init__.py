"""The routes of the page, one module for each part of it."""

from __future__ import annotations

from dreamplay.web.routes import knows, line, runs, stage, visit

ROUTERS = (runs.router, line.router, knows.router, visit.router, stage.router)
