"""The collector: where spans are sent, by OTLP over HTTP. It never slows a play, and never fails one.

Of the variables OTEL_* none says where anything is sent, or what with: an address or a key that is meant for another
program is not used here. So the exporter is ours, and only the encoding is that of the package.
"""

from __future__ import annotations

import importlib.metadata
import logging
from collections.abc import Sequence
from contextvars import ContextVar
from functools import cache

import httpx2
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import NoOpTracer

from dreamplay.errors import SettingsError
from dreamplay.models import proxy
from dreamplay.runs.transcript import Header
from dreamplay.schema.address import Address
from dreamplay.tracing.play_trace import PlayTrace

_log = logging.getLogger(__name__)
_PATH = "/v1/traces"
_PATIENCE = 2.0
"""Seconds that a collector has for each step of a request."""
_EVERY = 2_000
"""Milliseconds between two requests."""
_QUEUE = 20_000
"""Spans that wait at most. Further ones are lost."""
_BATCH = 512
_OF_PLAY: ContextVar[int] = ContextVar("trace", default=0)


class Sender(SpanExporter):
    """Sends spans, and says once if it cannot."""

    def __init__(self, address: Address) -> None:
        via = proxy.chosen(address)
        self._shown = address.url.removesuffix(_PATH)
        self._client = httpx2.Client(
            auth=address.login, params=dict(address.query), proxy=via.url if via else None, trust_env=False,
            follow_redirects=False, timeout=_PATIENCE,
            verify=httpx2.create_ssl_context(verify=bool(via) or address.url.startswith("https:")),
        )  # fmt: skip
        self.failing = False
        """Whether nothing could be sent last."""
        self._said = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans, once: what is not taken is lost."""
        try:
            body = encode_spans(spans).SerializeToString()
            header = {"Content-Type": "application/x-protobuf"}
            self._client.post(f"{self._shown}{_PATH}", content=body, headers=header).raise_for_status()
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError, OSError) as error:
            self.failing = True
            self._say(error)
            return SpanExportResult.FAILURE
        self.failing = False
        return SpanExportResult.SUCCESS

    def _say(self, error: Exception) -> None:
        if not self._said:
            self._said = True
            why = f"status {error.response.status_code}" if isinstance(error, httpx2.HTTPStatusError) else ""
            _log.warning("%s takes no traces (%s); the play goes on", self._shown, why or type(error).__name__)

    def __str__(self) -> str:
        return self._shown


class _Ids(RandomIdGenerator):
    """Ids of spans are drawn. That of a trace follows from the play, so that one that goes on is in the same trace."""

    def generate_trace_id(self) -> int:
        return _OF_PLAY.get() or super().generate_trace_id()


class Tracing:
    """Traces plays.

    Raises:
        SettingsError: the environment switches OpenTelemetry off.
    """

    def __init__(self, exporter: SpanExporter, *, content: bool) -> None:
        version = importlib.metadata.version("dreamplay")
        limits = SpanLimits(
            max_attributes=128, max_span_attributes=128, max_events=1_000, max_links=128, max_event_attributes=128,
            max_link_attributes=128, max_attribute_length=SpanLimits.UNSET, max_span_attribute_length=SpanLimits.UNSET,
        )  # fmt: skip
        self._exporter, self._content = exporter, content
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=Resource({"service.name": "dreamplay", "service.version": version}),
            shutdown_on_exit=False, id_generator=_Ids(), span_limits=limits,
        )  # fmt: skip
        self._provider.add_span_processor(BatchSpanProcessor(
            exporter, max_queue_size=_QUEUE, schedule_delay_millis=_EVERY, max_export_batch_size=_BATCH,
            export_timeout_millis=_PATIENCE * 1_000,
        ))  # fmt: skip
        self._tracer = self._provider.get_tracer("dreamplay", version)
        if isinstance(self._tracer, NoOpTracer):
            raise SettingsError("OTEL_SDK_DISABLED switches traces off; unset it, or leave out `trace`")

    def play(self, name: str, header: Header) -> PlayTrace:
        """The trace of a run: its name is that of its folder."""
        return PlayTrace(self._tracer, name, header, _OF_PLAY, content=self._content)

    def flush(self) -> None:
        """Send what waits, unless there is nobody to take it. It takes seconds at most."""
        if not getattr(self._exporter, "failing", False):
            self._provider.force_flush()

    def __str__(self) -> str:
        return f"{self._exporter}{', with all that is said and asked' if self._content else ''}"


@cache
def to(address: Address, *, content: bool) -> Tracing:
    """The tracing to an address, which all plays of a process share.

    Raises:
        SettingsError: the environment switches it off, or names a proxy that cannot be used.
    """
    return Tracing(Sender(address), content=content)
