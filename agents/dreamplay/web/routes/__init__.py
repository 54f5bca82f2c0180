"""The routes of the page, one module for each part of it."""

from __future__ import annotations

from dreamplay.web.routes import runs, stage

ROUTERS = (runs.router, stage.router)
