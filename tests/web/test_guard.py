"""That nobody but the page itself is answered, and that what strangers wrote stays text on it. Most cases were real
holes in programs that serve on one's own machine.
"""

from __future__ import annotations

import html
import http.client
import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dreamplay as dp
import pytest
import served
import worlds
from dreamplay.errors import UsageError
from dreamplay.runs import transcript_reader
from dreamplay.web import guard, server
from dreamplay.web.app import make_app
from dreamplay.web.routes import ROUTERS
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

HOST = served.HOST
MARKUP = """"'><script>alert(1)</script><img src=x onerror=alert(1)>"""
HOSTILE = [
    "%2e%2e", "../first", "../../etc/passwd", "..%2ffirst", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "%2fetc%2fpasswd",
    "first%2f.", "first%00", "%2e", "%c0%ae%c0%ae%2f", "first%2f..%2ffirst", "FIRST", "first ", "*",
    "first%0d%0aSet-Cookie:a=b",
]  # fmt: skip


@pytest.fixture
def stranger(app: FastAPI) -> TestClient:
    """Asks as any program can: without a header of the page."""
    return TestClient(app, f"http://{HOST}", follow_redirects=False)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1.evil.com", "127.0.0.1.evil.com:8145", "evil.com:8145", "127.0.0.1", "127.0.0.1:80", "0.0.0.0:8145",
     "127.0.0.1:8145.evil.com", "127.0.0.1:8145@evil.com", "localhost:8145", "", "2130706433:8145"],
)  # fmt: skip
def test_another_host_is_refused_though_nothing_else_is_wrong(client: TestClient, host: str) -> None:
    """So is a rebound GET, which carries neither an origin nor anything else to know it by."""
    assert client.get("/", headers={"Host": host}).status_code == 403
    assert client.get("/", headers={"Host": HOST.upper(), "X-Forwarded-Host": "evil.com"}).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["null", "http://evil.com", "http://127.0.0.1:8146", "http://127.0.0.1", f"ftp://{HOST}", f"http://{HOST}.evil.com",
     f"http://{HOST}@evil.com", f"http://evil.com/{HOST}", "http://localhost:8145", ""],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused(client: TestClient, method: str, origin: str) -> None:
    assert client.request(method, "/", headers={"Origin": origin}).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "Same-Origin"])
def test_what_a_browser_sends_for_another_page_is_refused(stranger: TestClient, site: str) -> None:
    assert stranger.get("/", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert stranger.get("/", headers={"Sec-Fetch-Site": "none"}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json"]
)
@pytest.mark.usefixtures("first")
def test_nothing_changes_by_what_a_form_or_a_script_of_another_page_can_send(
    stranger: TestClient, method: str, kind: str
) -> None:
    refused = stranger.request(method, "/runs/first/go", content=b"line=x", headers={"Content-Type": kind})
    assert refused.status_code == 403
    assert "access-control-allow-origin" not in refused.headers


def test_no_get_changes_anything(client: TestClient) -> None:
    """A browser sends a GET for any page without asking, as an image or a link that it looks at in advance."""
    for route in _routes():
        assert not {"GET", "HEAD"} & route.methods or not {"POST", "PUT", "DELETE", "PATCH"} & route.methods
    assert client.get("/runs/first/go").status_code in (404, 405)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.usefixtures("first")
def test_no_name_of_a_run_leads_anywhere_else(client: TestClient, name: str) -> None:
    for route in _routes():
        if "{name}" in route.path:
            path = _filled(route.path, name)
            for method in route.methods:
                answer = client.request(method, path)
                assert answer.status_code in (303, 307, 400, 404, 405, 422), (method, path, answer.status_code)
                assert urlsplit(answer.headers.get("location", "")).netloc in ("", HOST)
                assert "set-cookie" not in answer.headers


def test_a_run_that_is_a_link_to_elsewhere_is_not_opened(client: TestClient, first: Path, home: Path) -> None:
    first.rename("elsewhere")
    (home / "link").symlink_to(Path("elsewhere").resolve())
    (home / "half").mkdir()
    (home / "half" / "transcript.jsonl").symlink_to("/etc/passwd")
    assert client.get("/runs/link").status_code == 404
    half = client.get("/runs/half")
    assert (half.status_code, "root:" in half.text) == (400, False)


@pytest.fixture
def hostile(first: Path, home: Path) -> str:
    """The name of a run in which every text is markup, the name of its folder included."""
    lines = [_spoilt(json.loads(line)) for line in (first / "transcript.jsonl").read_bytes().splitlines()]
    head = lines[0]
    head["story_hash"] = transcript_reader._digest(head["story"])
    head["persona_hashes"] = {role: transcript_reader._digest(each) for role, each in head["cast"].items()}
    made = "".join(json.dumps(line) + "\n" for line in lines)
    shutil.rmtree(first)
    name = MARKUP.replace("/", "_")
    Path(f"{name}.gguf").touch()
    worlds.write(Path("small"), roles=1)
    Path("small/ada.yaml").rename(f"{name}.yaml")
    (home / name).mkdir()
    (home / name / "transcript.jsonl").write_text(made, encoding="utf-8")
    assert MARKUP in dp.load_run(home / name).header.story.title
    return name


@pytest.mark.parametrize("address", served.PAGES + served.PARTS)
def test_markup_in_what_strangers_wrote_stays_text(client: TestClient, hostile: str, address: str) -> None:
    answer = client.get(address.format(name=quote(hostile, safe="")))
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].startswith("text/css"):
        return
    if answer.headers["content-type"].startswith("text/html"):
        assert "<script>" not in answer.text
        assert "<img" not in answer.text
        assert (html.escape("<script>alert(1)") in answer.text) == (address not in served.QUIET)
    else:
        assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.usefixtures("first")
def test_markup_in_a_request_stays_text(client: TestClient) -> None:
    asked = quote(MARKUP, safe="")
    for address in (f"/runs/{asked}", f"/runs/first?view={asked}", f"/runs/first/events?after={asked}"):
        answer = client.get(address)
        assert 400 <= answer.status_code < 500
        assert "<script>" not in answer.text
        assert "<img" not in answer.text


def test_every_route_that_shows_something_is_looked_at() -> None:
    looked_at = {urlsplit(address).path for address in served.PAGES + served.PARTS + served.STREAMS}
    for route in _routes():
        if "GET" in route.methods:
            assert any(route.path_regex.match(path) for path in looked_at), route.path


@pytest.mark.usefixtures("first")
def test_every_answer_carries_the_policy(app: FastAPI, client: TestClient, stranger: TestClient) -> None:
    @app.get("/broken")
    def broken() -> None:
        raise ValueError("unforeseen")

    rough = TestClient(app, f"http://{HOST}", raise_server_exceptions=False)
    answers = [
        client.get("/"), client.get("/runs/first"), client.get("/static/style.css"), client.get("/static/none.css"),
        client.get("/nothing"), client.post("/"), client.get("/runs/first/events?after=x"), stranger.post("/"),
        client.get("/runs/first/events"), client.post("/runs/first/dance"), rough.get("/broken"),
    ]  # fmt: skip
    assert {each.status_code for each in answers} == {200, 403, 404, 405, 422, 500}
    for each in answers:
        assert {**each.headers, **{name.lower(): value for name, value in guard.HEADERS.items()}} == dict(each.headers)
    assert "unforeseen" not in answers[-1].text


def test_the_policy_lets_no_script_or_style_in_but_those_of_the_page() -> None:
    policy = guard.HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert not {"unsafe", "http:", "https:", "*", "blob:", "nonce"} & set(
        policy.replace("'", " ").replace("-", " ").split()
    )


@pytest.mark.usefixtures("first")
def test_no_page_has_a_script_or_a_style_of_its_own(client: TestClient) -> None:
    for address in served.PAGES:
        text = client.get(address.format(name="first")).text
        assert not [piece for piece in text.split("<script")[1:] if not piece.startswith(' src="/static/')], address
        assert " style=" not in text
        assert " onclick=" not in text
        assert "hx-on" not in text


@pytest.mark.usefixtures("first")
def test_a_large_body_is_refused_before_it_is_read(home: Path) -> None:
    with served.page(home) as address:
        host = urlsplit(address).netloc
        asked = http.client.HTTPConnection(host, timeout=60)
        asked.putrequest("POST", "/runs/first/pause")
        asked.putheader("HX-Request", "true")
        asked.putheader("Content-Length", str(100 * 1024**2))
        asked.endheaders()
        assert asked.getresponse().status == 413
        asked.close()


def test_a_large_body_that_does_not_say_its_length_is_refused(app: FastAPI) -> None:
    @app.post("/read")
    async def read(line: dict[str, Any]) -> None:
        raise AssertionError

    headers = {"HX-Request": "true", "Content-Type": "application/json"}
    pieces = (b" " * 1024**2 for _ in range(100))
    assert TestClient(app, f"http://{HOST}").post("/read", content=pieces, headers=headers).status_code == 413


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "somewhere.example", "", "127.0.0.1.evil.com"])
def test_other_machines_are_let_in_by_a_token_alone(home: Path, host: str) -> None:
    with pytest.raises(UsageError, match="add `token`"):
        server.serve(home, host=host, browser=False, say=print)


@pytest.mark.usefixtures("first")
def test_a_token_is_asked_for_once_and_kept_out_of_the_address(home: Path) -> None:
    app = make_app(home, frozenset(), "secret")
    with TestClient(app, "http://192.168.0.7:8145", follow_redirects=False) as asking:
        for address in ("/", "/?token=", "/?token=wrong", "/static/style.css", "/runs/first"):
            assert asking.get(address).status_code == 403
        assert asking.get("/", headers={"Cookie": f"{guard.COOKIE}=wrong"}).status_code == 403
        opened = asking.get("/runs/first?view=author&token=secret")
        assert (opened.status_code, urlsplit(opened.headers["location"])[2:4]) == (303, ("/runs/first", "view=author"))
        assert opened.headers["set-cookie"] == f"{guard.COOKIE}=secret; HttpOnly; SameSite=Strict; Path=/"
        assert asking.get("/runs/first").status_code == 200
        assert asking.post("/runs/first/pause").status_code == 403
        crossed = {"HX-Request": "true", "Origin": "http://evil.com"}
        assert asking.post("/runs/first/pause", headers=crossed).status_code == 403
        assert asking.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


def test_the_keys_of_a_user_stand_on_no_page(
    client: TestClient, first: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    for name in ("OPENAI_API_KEY", "DREAMPLAY_API_KEY"):
        monkeypatch.setenv(name, "sk-0123456789")
    Path("dreamplay.toml").write_text('base_url = "http://me:pa55word@127.0.0.1:1/v1"\n', encoding="utf-8")
    for address in served.PAGES:
        text = client.get(address.format(name=first.name)).text
        assert "sk-0123456789" not in text
        assert "pa55word" not in text


def test_no_private_sheet_and_no_prompt_is_read_printed_or_exported(
    client: TestClient, home: Path, tmp_path: Path
) -> None:
    # With these dice a line is refused, so that every format has something to hold.
    first = dp.play(worlds.write(tmp_path / "small"), model="scripted", seed=2, out=home / "first").folder
    secret = "CANARY-Ada-belief"
    assert secret in (first / "prompts.jsonl").read_text(encoding="utf-8")
    exports = [
        f"/runs/first/export/{each.name}{'' if each.view else '?view=ada'}"
        for each in dp.list_formats()
        if not each.missing and each.name != "pdf"  # which is html, printed
    ]
    for address in ["/runs/first", "/runs/first?view=bo", "/runs/first/read", "/runs/first/read?view=author", *exports]:
        answer = client.get(address)
        assert answer.status_code == 200, address
        words = answer.content
        if zipfile.is_zipfile(io.BytesIO(words)):
            with zipfile.ZipFile(io.BytesIO(words)) as archive:
                words = b"".join(map(archive.read, archive.namelist()))
        assert secret.encode() not in words, address
        assert b"sk-" not in words


@pytest.fixture
def waiting(first: Path) -> Iterator[str]:
    """The address of a server that goes on with a run, named "first", and waits for its model."""
    lines = (first / "transcript.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (first / "transcript.jsonl").write_text("".join(lines[:9]), encoding="utf-8")
    with served.paced() as pace, served.page(first.parent) as address:
        asked = _ask(address, "POST", "/runs/first/go")
        assert asked.getresponse().status == 204
        asked.close()
        yield address
        pace.let()


def test_two_hundred_tabs_do_not_stop_the_page_and_leave_nothing_behind_when_they_close(waiting: str) -> None:
    for _ in range(3):
        served.until(lambda: _status(waiting, "/runs/first/events") == 200)
        with ExitStack() as tabs:
            answers = [tabs.enter_context(closing(_ask(waiting, "GET", "/runs/first/events"))) for _ in range(200)]
            statuses = [each.getresponse().status for each in answers]
            assert set(statuses) == {200, 503}
            assert _status(waiting, "/runs/first") == 200


def _status(address: str, path: str) -> int:
    with closing(_ask(address, "GET", path)) as asked:
        return asked.getresponse().status


def _ask(address: str, method: str, path: str) -> http.client.HTTPConnection:
    """Ask a server, and leave the connection open."""
    asked = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    asked.request(method, path, headers={"HX-Request": "true"})
    return asked


def _routes() -> list[APIRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def _filled(path: str, name: str) -> str:
    """A path with something in place of each parameter."""
    known = {"{name}": name, "{do}": "pause", "{number}": "3", "{n}": "3"}
    for parameter, value in known.items():
        path = path.replace(parameter, value)
    return path.replace("{format_name}", "csv")


def _spoilt(value: Any, key: str = "") -> Any:
    """A line of a transcript with markup in every text that people or models write."""
    if isinstance(value, dict):
        return {name: _spoilt(each, name) for name, each in value.items()}
    if isinstance(value, list):
        return [_spoilt(each, key) for each in value]
    if isinstance(value, str) and key == "name" and value[0].isupper():
        return f"{value} \"'&amp;"
    return f"{value} {MARKUP}" if isinstance(value, str) and (" " in value or key == "model") else value
