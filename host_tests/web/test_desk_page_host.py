"""The desk's page over HTTP and WebSocket, as a browser and as somebody hostile would use it."""

import asyncio
import json
import signal
import socket as socket_module
import subprocess
import sys
from types import SimpleNamespace

import pytest
import websockets

from host_tests.fakes.desk import ROOT, DeskProcess, write_config
from host_tests.web.served import SID, TOKEN, Browser, ask, close_code, served, until
from tools.desk.client import DeskError
from tools.desk.config import ConfigError, load


def run(tmp_path, script, **options):
    async def inner():
        async with served(tmp_path, **options) as (desk, page):
            await asyncio.wait_for(script(desk, page, Browser(page)), 60)

    asyncio.run(inner())


def test_a_link_lets_in_once_and_its_cookie_is_for_this_server_alone(tmp_path):
    async def script(desk, page, browser):
        path = page.link().removeprefix(browser.origin)
        assert (await browser.fetch("/"))[0] == 401
        status, headers, _ = await browser.fetch(path)
        assert status == 200
        cookie = headers["set-cookie"].lower()
        assert "httponly" in cookie and "samesite=strict" in cookie and f"entered_{page.port}=" in cookie
        status, _, text = await browser.fetch("/")
        assert status == 200 and "Open calls" in text
        stranger = Browser(page)
        status, _, text = await stranger.fetch(path)
        assert status == 403 and "used already" in text and (await stranger.fetch("/"))[0] == 401

    run(tmp_path, script)


def test_the_token_signs_in_from_our_own_form_only(tmp_path):
    async def script(desk, page, browser):
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        sent = ("/sign-in", "POST")
        assert (await browser.fetch(*sent, f"token={TOKEN}", **form))[0] == 403, "no origin"
        assert (await browser.fetch(*sent, f"token={TOKEN}", Origin="http://evil.example", **form))[0] == 403
        assert (await browser.fetch(*sent, "token=wrong", Origin=browser.origin, **form))[0] == 403
        assert (await browser.fetch(*sent, "other=1", Origin=browser.origin, **form))[0] == 403
        assert (await browser.fetch(*sent, "token=" + "x" * 5000, Origin=browser.origin, **form))[0] == 403
        assert (await browser.fetch("/"))[0] == 401
        assert (await browser.fetch(*sent, f"token={TOKEN}", Origin=browser.origin, **form))[0] == 303
        assert (await browser.fetch("/"))[0] == 200
        assert (await browser.fetch("/leave", "POST", "leave=1", Origin="http://evil.example", **form))[0] == 403
        known = browser.cookie
        assert (await browser.fetch("/leave", "POST", "leave=1", Origin=browser.origin, **form))[0] == 303
        browser.cookie = known
        assert (await browser.fetch("/"))[0] == 401, "the old cookie is worth nothing"

    run(tmp_path, script)


def test_every_answer_forbids_what_is_not_ours(tmp_path):
    async def script(desk, page, browser):
        await browser.enter(page)
        for path in ("/", "/static/desk.js", "/static/worklet.js", "/static/page.css", "/nothing", "/enter"):
            _, headers, _ = await browser.fetch(path)
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
            assert "server" not in {name.lower() for name in headers}
        _, headers, _ = await browser.fetch("/static/g711.js")
        assert headers["content-type"].startswith("text/javascript")

    run(tmp_path, script)


def test_no_path_leads_out_of_the_page_s_own_files(tmp_path):
    async def script(desk, page, browser):
        await browser.enter(page)
        for path in ("/static/../page.py", "/static/%2e%2e/page.py", "/static/", "/static//etc/passwd", "/desk.token"):
            assert (await browser.fetch(path))[0] == 404, path
        assert (await browser.fetch("/static/desk.js", "POST", "x"))[0] == 405

    run(tmp_path, script)


def test_another_name_for_this_machine_is_refused(tmp_path):
    """DNS rebinding: a name of the attacker's that leads to 127.0.0.1."""

    async def script(desk, page, browser):
        await browser.enter(page)
        for path in ("/", page.link().removeprefix(browser.origin)):
            assert (await browser.fetch(path, Host="evil.example"))[0] == 421

    run(tmp_path, script)


def test_strangers_and_other_sites_get_nothing_out_of_a_websocket(tmp_path):
    async def script(desk, page, browser):
        for path in ("/live", f"/sound?sid={SID}"):
            async with browser.socket(path) as socket:
                assert await close_code(socket) == 4401
        await browser.enter(page)
        for origin in ("http://evil.example", f"http://localhost:{page.port}", "null"):
            async with browser.socket("/live", origin=origin) as socket:
                assert await close_code(socket) == 4403
        browser.cookie = browser.cookie.replace("=", "=x")
        async with browser.socket("/live") as socket:
            assert await close_code(socket) == 4401

    run(tmp_path, script)


def test_the_live_line_is_the_desk_s_api(tmp_path):
    async def script(desk, page, browser):
        await browser.enter(page)
        async with browser.socket("/live") as socket:
            assert json.loads(await socket.recv())["event"] == "hello"
            call = (await ask(socket, "calls"))["calls"][0]
            assert call["state"] == "open"
            reply = await ask(socket, "answer", call=call["n"], party="coordinator", who="Mary")
            assert reply["ok"] and reply["call"]["held_by"]["who"] == "Mary"
            refused = await ask(socket, "clear", call=call["n"], outcome="lunch", basis="present", who="Mary")
            assert refused["error"]["code"] == "field" and "outcome" in refused["error"]["text"]
            for unknown in ("inject", "record", "recorded", "hello", "nothing", None, 7, ["calls"]):
                assert (await ask(socket, unknown))["error"]["code"] == "unknown"

    run(tmp_path, script)


def test_every_page_sees_the_events_that_another_one_causes(tmp_path):
    async def script(desk, page, browser):
        await browser.enter(page)
        async with browser.socket("/live") as one, browser.socket("/live") as other:
            await one.recv(), await other.recv()
            await ask(one, "answer", call=1, party="centre", who="Mary")
            while True:
                event = json.loads(await asyncio.wait_for(other.recv(), 10))
                if event["event"] == "call":
                    break
            assert event["why"] == "ANSWERED" and event["view"]["held_by"]["who"] == "Mary"

    run(tmp_path, script)


@pytest.mark.parametrize(
    "message",
    ["", "[]", "7", "{", "null", '{"v":1}', '{"v":2,"id":1,"do":"calls"}', '{"v":1,"id":"1","do":"calls"}', b"\x00\x01",
     '{"v":1,"id":1,"do":"calls","x":"' + "y" * 5000 + '"}', "[" * 4000],
)  # fmt: skip
def test_what_is_no_request_ends_the_line_and_harms_nobody(tmp_path, message):
    async def script(desk, page, browser):
        await browser.enter(page)
        async with browser.socket("/live") as bad, browser.socket("/live") as good:
            await bad.recv()
            await bad.send(message)
            assert await close_code(bad) == 4400
            await good.recv()
            assert (await ask(good, "ping"))["ok"]

    run(tmp_path, script)


def test_a_message_beyond_the_limit_is_not_even_kept(tmp_path):
    async def script(desk, page, browser):
        await browser.enter(page)
        async with browser.socket("/live") as socket:
            await socket.recv()
            await socket.send("x" * 1_000_000)
            assert await close_code(socket) == 1009

    run(tmp_path, script)


def test_a_line_that_does_not_read_is_cut_off_and_the_desk_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.desk.timeline._QUEUE_MAX", 50)

    async def script(desk, page, browser):
        await browser.enter(page)
        async with browser.socket("/live", max_queue=1) as slow:
            await slow.recv()
            await until(lambda: desk.timeline._listeners)
            for _ in range(400):
                with desk.store.transaction():
                    desk.timeline.emit("desk", text="x" * 20_000)
                desk.timeline.flush()
                await asyncio.sleep(0)
            assert not desk.timeline._listeners, "it is no longer fed"
            async with browser.socket("/live") as good:
                await good.recv()
                assert (await ask(good, "ping"))["ok"]
            assert await close_code(slow) == 4408

    run(tmp_path, script)


def test_too_many_connections_are_refused_and_room_comes_back(tmp_path):
    async def script(desk, page, browser):
        await browser.enter(page)
        sockets = []
        try:
            with pytest.raises((websockets.InvalidStatus, OSError)):
                for _ in range(80):
                    sockets.append(await browser.socket("/live"))
            assert len(sockets) >= 60
        finally:
            for socket in sockets:
                await socket.close()
        for _ in range(100):
            if (await browser.fetch("/"))[0] == 200:
                break
            await asyncio.sleep(0.05)
        assert (await browser.fetch("/"))[0] == 200

    run(tmp_path, script)


def test_a_desk_of_its_own_gives_links_by_its_command_line_and_ends_cleanly_with_a_page_open(tmp_path):
    async def script():
        async with DeskProcess(write_config(tmp_path, [1], web={})) as desk:
            port = json.loads((desk.state / "api.json").read_text())["page"]
            command = [sys.executable, "-m", "tools.desk.cli", "--state", str(desk.state), "page"]
            done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=30)
            link = done.stdout.strip()
            assert link.startswith(f"http://127.0.0.1:{port}/enter?ticket=")
            browser = Browser(SimpleNamespace(port=port))
            assert (await browser.fetch(link.removeprefix(browser.origin)))[0] == 200
            async with browser.socket("/live") as socket:
                await socket.recv()
                desk.process.send_signal(signal.SIGTERM)
                assert await close_code(socket) == 1012
            assert await asyncio.wait_for(desk.process.wait(), 20) == 0

    asyncio.run(script())


def test_a_desk_without_a_page_says_what_it_needs_and_a_taken_port_is_named(tmp_path):
    async def script():
        async with DeskProcess(write_config(tmp_path / "one", [1])) as desk, desk.client() as client:
            with pytest.raises(DeskError, match="needs `web`"):
                await client.request("page")
        with socket_module.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            file = write_config(tmp_path / "two", [1], web={"port": port})
            command = [sys.executable, "-m", "tools.desk", "--config", str(file)]
            done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, timeout=30)
            assert done.returncode == 1 and f"cannot listen on 127.0.0.1:{port}" in done.stderr and "web.port" in done.stderr

    asyncio.run(script())


@pytest.mark.parametrize("web", [7, {"port": -1}, {"port": True}, {"port": "80"}, {"host": "0.0.0.0"}])
def test_a_wrong_web_in_the_configuration_is_named(tmp_path, web):
    with pytest.raises(ConfigError, match="web"):
        load(write_config(tmp_path, [1], web=web))
