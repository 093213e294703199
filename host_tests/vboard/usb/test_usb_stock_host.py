"""A board that was flashed with MicroPython as it is delivered and got our files by mpremote alone: it says that its journal lies
in files, and calls, through a power cut too (P1, P8). Real esptool, real mpremote, a real broker."""

import asyncio
import json
import shutil

from host_tests.real_unit import KEY
from host_tests.small_service import SmallService
from host_tests.vboard.usb import flashed
from tools import deploy
from tools.brokers import Broker
from tools.image import package, partitions
from tools.image.micropython import BOOTLOADER_AT
from tools.vboard.usb import UsbBoard
from tools.vboard.usb.micropython_bin import synthetic

_S = 90
_STARTED = "unit ils/v1/demo/f12/u1/ started"
_FILES = "journal: no partition of its own; calls are kept as files"
_COPY_S = 240  # a fifth of it when it is quiet


def test_stock_micropython_and_our_files_by_mpremote_make_a_unit_that_calls_and_says_where_its_journal_lies(tmp_path):
    (tmp_path / "micropython.bin").write_bytes(synthetic("esp32", vfs_rom=False))
    package.compiled(tmp_path / "package", "ESP32_GENERIC", "en", deploy.ROOT)
    shutil.rmtree(tmp_path / "package" / "prompts", ignore_errors=True)  # spoken messages: another test's, and half of the time
    listed = json.loads((tmp_path / "package/package.json").read_text())
    listed["urls"] = [row for row in listed["urls"] if not row[0].startswith("prompts/")]
    (tmp_path / "package/package.json").write_text(json.dumps(listed))

    async def scene():
        async with Broker("nats", dir=tmp_path / "broker") as broker, SmallService([broker.port], answers=False) as service:
            await asyncio.to_thread(live, broker.port, service, asyncio.get_running_loop())

    def live(broker_port, service, loop):
        def heard(channel, wanted, since=0):
            return asyncio.run_coroutine_threadsafe(service.heard(channel, wanted, since, _S), loop).result(_S + 5)

        with UsbBoard(tmp_path / "port", tmp_path / "state", relays=[(0, broker_port)], boot_held=True) as board:
            words = (hex(BOOTLOADER_AT["esp32"]), str(tmp_path / "micropython.bin"))
            told = flashed.esptool(board, "write-flash", *words, chip="esp32", after="soft-reset")
            assert told.returncode == 0, told.stdout[-2000:] + told.stderr
            board.wait_console(">>> ", _S)
            mpremote(board, "mip", "install", "--target", "", str(tmp_path / "package/package.json"))
            identify(board)
            place = board.mark()
            board.reset()
            said = board.wait_console(_STARTED, _S, since=place)[place:]
            assert _FILES in said and "storage" not in said and "Traceback" not in said, said
            health = heard("health", lambda message: True)
            assert health["journal"]["where"] == "files" and not [one for one in health["faults"] if one.startswith("storage")]

            board.run(lambda unit: unit.press("cord1", ms=300))
            first = heard("alarm", lambda message: True)
            since = len(service.messages)
            place = board.mark()
            board.pull()  # its only supply here: the power is gone with the call open
            board.plug()
            board.wait_console(_STARTED, _S, since=place)
            again = heard("alarm", lambda message: message["resumed"], since)
            assert again["call"] == first["call"] and again["triggers"] == first["triggers"]
            entries = partitions.parse(board.flash.read(partitions.OFFSET, partitions.LENGTH))
            assert "journal" not in [entry.label for entry in entries]

    def mpremote(board, *words):
        told = flashed.mpremote(board, *words, timeout_s=_COPY_S)
        assert told.returncode == 0, told.stdout[-2000:] + told.stderr

    def identify(board):
        place = {"host": "127.0.0.1", "port": board.relay_ports[0], "server_name": "broker.test", "tls": False}
        (tmp_path / "settings.json").write_text(json.dumps(deploy.unit_settings("f12", "u1", [place], "secret")))
        (tmp_path / "unit.key").write_text(KEY.hex() + "\n")
        for name in ("unit.key", "settings.json"):
            mpremote(board, "cp", str(tmp_path / name), f":{name}")

    asyncio.run(scene())
