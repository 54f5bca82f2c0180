"""Traces of a play: the spans, what they hold, and a collector that is there, refuses, or is not there."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import dreamplay as dp
import pytest
import worlds
from dreamplay import settings as reading
from dreamplay.engine.runner import Runner
from dreamplay.errors import ModelError, SettingsError
from dreamplay.models.base import OnToken, Reply
from dreamplay.models.prompt import Prompt
from dreamplay.models.scripted import ScriptedModel
from dreamplay.tracing import attributes as names
from dreamplay.tracing import choice

pytest.importorskip("opentelemetry.sdk", reason="the extra `trace` is not installed")
pytest.importorskip("opentelemetry.exporter.otlp.proto.common", reason="the extra `trace` is not installed")

from dreamplay.tracing.collector import Tracing
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


async def _spans(
    small: Path, folder: Path, model: ScriptedModel | None = None, *, content: bool = False
) -> list[ReadableSpan]:
    kept = InMemorySpanExporter()
    tracing = Tracing(kept, content=content)
    run = Runner(worlds.plan(small), model or ScriptedModel(), folder, {"provider": "scripted"}, trace=tracing)
    try:
        await run.play(lambda seen: None)
    finally:
        tracing.flush()
    return list(kept.get_finished_spans())


class Refused(ScriptedModel):
    """Says first what no check lets pass."""

    async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
        reply = await super().complete(prompt, seed=seed, on_token=on_token)
        first = len([each for each in self.seen if each.kind == "line"]) == 1
        return Reply("As an AI language model I cannot.", True, reply.usage) if first else reply


async def test_a_run_is_one_trace_of_turns_and_their_calls(small: Path, tmp_path: Path) -> None:
    model = ScriptedModel()
    spans = await _spans(small, tmp_path / "run", model)
    (root,) = [each for each in spans if each.parent is None]
    assert root.name == "invoke_workflow story"
    turns = [each for each in spans if each.name.startswith("invoke_agent ")]
    calls = [each for each in spans if each.name == "chat scripted"]
    assert {each.context.trace_id for each in spans if each.context} == {root.context.trace_id}  # type: ignore[union-attr]
    assert {each.name.partition(" ")[2] for each in turns} == {"Ada", "Bo", "Cyrus", "narrator"}
    assert len(calls) == len(model.seen)
    assert {each.parent.span_id for each in turns if each.parent} == {root.context.span_id}  # type: ignore[union-attr]
    inside = {each.context.span_id for each in turns if each.context}
    assert all(each.parent and each.parent.span_id in inside for each in calls)
    told: list[dict[str, Any]] = [dict(each.attributes or {}) for each in calls]
    assert {each[names.CONVERSATION] for each in told} == {"run"}
    assert all(each[names.INPUT_TOKENS] > 0 and each[names.REQUEST_SEED] >= 0 for each in told)
    assert len(spans) == 1 + len(turns) + len(calls)


async def test_what_is_said_is_in_a_trace_only_if_it_is_asked_for(small: Path, tmp_path: Path) -> None:
    plain = await _spans(small, tmp_path / "plain", Refused())
    asked = await _spans(small, tmp_path / "asked", Refused(), content=True)
    texts = [json.dumps([json.loads(each.to_json()) for each in spans]) for spans in (plain, asked)]
    words = ("Tea is tea", "keeper of the kettle", "AI language model", "CANARY")
    assert [word for word in words if word in texts[0]] == []
    assert [word for word in words if word in texts[1]] == list(words)
    for spans in (plain, asked):
        refused = [event for each in spans for event in each.events if event.name == names.REFUSED]
        assert "model_talk" in {(event.attributes or {})[names.CHECK] for event in refused}


async def test_a_call_that_fails_is_marked_without_what_the_error_says(small: Path, tmp_path: Path) -> None:
    class Broken(ScriptedModel):
        async def complete(self, prompt: Prompt, *, seed: int, on_token: OnToken | None = None) -> Reply:
            raise ModelError("it said: Tea is tea.")

    kept = InMemorySpanExporter()
    tracing = Tracing(kept, content=False)
    with pytest.raises(ModelError):
        await Runner(worlds.plan(small), Broken(), tmp_path / "run", {}, trace=tracing).play(lambda seen: None)
    tracing.flush()
    spans = kept.get_finished_spans()
    assert {(each.attributes or {})[names.ERROR] for each in spans} == {"ModelError"}
    assert "Tea" not in "".join(each.to_json() for each in spans)


class _Collector(BaseHTTPRequestHandler):
    got: list[tuple[str, dict[str, str], bytes]]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, dict(self.headers), body))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def collector() -> Iterator[tuple[str, type[_Collector]]]:
    """A receiver of OTLP over HTTP: its address, and what it got."""
    handler = type("Handler", (_Collector,), {"got": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", handler
        server.shutdown()
        thread.join()


def test_spans_arrive_at_the_address_that_was_given_and_at_no_other(
    small: Path, tmp_path: Path, collector: tuple[str, type[_Collector]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    address, handler = collector
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://192.0.2.1:4318")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://192.0.2.1:4318/v1/traces")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer sk-secret")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "always_off")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "owner=sk-secret")
    dp.play(small, model="scripted", seed=7, out=tmp_path / "run", trace=address)
    assert {path for path, _, _ in handler.got} == {"/v1/traces"}
    assert {headers["Content-Type"] for _, headers, _ in handler.got} == {"application/x-protobuf"}
    assert "sk-secret" not in repr(handler.got)
    requests = [ExportTraceServiceRequest.FromString(body) for _, _, body in handler.got]
    spans = [span for each in requests for group in each.resource_spans for s in group.scope_spans for span in s.spans]
    assert "invoke_workflow story" in {span.name for span in spans}
    assert {"chat scripted", "invoke_agent Ada"} <= {span.name for span in spans}
    assert len({span.trace_id for span in spans}) == 1


@pytest.mark.parametrize("how", ["refuses", "is not there"])
def test_a_collector_that_takes_nothing_is_told_of_once_and_the_play_goes_on(
    how: str, small: Path, tmp_path: Path, collector: tuple[str, type[_Collector]], caplog: pytest.LogCaptureFixture
) -> None:
    address, handler = collector
    handler.status = 401
    target = address if how == "refuses" else "http://127.0.0.1:1"
    with caplog.at_level(logging.WARNING, logger="dreamplay"):  # a quiet run before it has set another
        for seed in (1, 2):
            run = dp.play(small, model="scripted", seed=seed, out=tmp_path / str(seed), trace=target)
            assert run.finished
    said = [each.getMessage() for each in caplog.records if "traces" in each.getMessage()]
    why = "status 401" if how == "refuses" else "ConnectError"
    assert said == [f"{target} takes no traces ({why}); the play goes on"]


def test_without_a_setting_nothing_is_traced_whatever_other_programs_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    assert choice.chosen(reading.load()) is None


def test_a_file_that_lies_in_the_folder_sends_no_traces_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dreamplay.toml").write_text('trace = "http://192.0.2.1:4318"\n')
    with pytest.raises(SettingsError, match=r"^dreamplay.toml: trace: nothing is sent to 192\.0\.2\.1"):
        choice.chosen(reading.load())
    monkeypatch.setenv("DREAMPLAY_CONFIG", "dreamplay.toml")
    assert choice.chosen(reading.load())
    monkeypatch.delenv("DREAMPLAY_CONFIG")
    Path("dreamplay.toml").write_text('trace = "http://localhost:4318"\ntrace_content = true\n')
    assert str(choice.chosen(reading.load())) == "http://localhost:4318, with all that is said and asked"


def test_content_without_an_address_and_a_switched_off_library_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="no `trace` says where they go"):
        choice.chosen(reading.load(trace_content=True))
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with pytest.raises(SettingsError, match="OTEL_SDK_DISABLED"):
        choice.chosen(reading.load(trace="http://localhost:4999"))
