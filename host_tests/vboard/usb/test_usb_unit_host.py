"""A whole unit in the flash of a virtual ESP32: the image for the board, its identity over the serial port, a real broker."""

import asyncio
import json

from host_tests.image import workshop
from host_tests.real_unit import KEY
from host_tests.small_service import SmallService
from host_tests.vboard.usb import flashed
from tools import image
from tools.brokers import Broker
from tools.deploy import unit_settings
from tools.image import lock
from tools.vboard.usb import UsbBoard
from tools.vboard.usb.micropython_bin import synthetic

_S = 60


def test_the_image_of_a_board_with_its_identity_reports_and_calls_through_a_relay(tmp_path):
    micropython = tmp_path / "micropython.bin"
    micropython.write_bytes(synthetic("esp32"))
    lock.add(micropython, "ESP32_GENERIC", "esp32", tmp_path / "lock.json")
    source = workshop.tree(tmp_path / "tree")  # a word of speech, not all: writing them takes ten seconds
    made = image.build("ESP32_GENERIC", tmp_path / "image", micropython, lock_file=tmp_path / "lock.json", form="rom",
                       source=source)

    async def scene():
        async with Broker("nats", dir=tmp_path / "broker") as broker, SmallService([broker.port]) as service:
            await asyncio.to_thread(live, broker.port, service, asyncio.get_running_loop())

    def live(broker_port, service, loop):
        relays = [(0, broker_port)]
        with UsbBoard(tmp_path / "port", tmp_path / "state", relays=relays, boot_held=True) as board:
            words = [word for offset, path, _ in made.parts for word in (hex(offset), str(path))]
            told = flashed.esptool(board, "write-flash", *words, chip="esp32", after="soft-reset")
            assert told.stdout.count("Hash of data verified.") == len(made.parts), told.stdout[-2000:] + told.stderr
            board.wait_console("blank unit: waiting for its identity", _S)
            identify(board)
            board.reset()
            board.wait_console("unit ils/v1/demo/f12/u1/ started", _S)
            heard(service, loop, "health", lambda message: True)
            board.run(lambda unit: unit.press("cord1", ms=300))
            assert heard(service, loop, "alarm", lambda message: True)["triggers"]
            assert board.run(lambda unit: unit.relays[0].connections) == 1

    def identify(board):
        place = {"host": "127.0.0.1", "port": board.relay_ports[0], "server_name": "broker.test", "tls": False}
        (tmp_path / "settings.json").write_text(json.dumps(unit_settings("f12", "u1", [place], "secret")))
        (tmp_path / "unit.key").write_text(KEY.hex() + "\n")
        for name in ("unit.key", "settings.json"):
            assert flashed.mpremote(board, "cp", str(tmp_path / name), f":{name}").returncode == 0
        told = flashed.mpremote(board, "sha256sum", ":/rom/firmware/app.mpy")
        assert made.modules["rom/firmware/app.mpy"] in told.stdout, told.stderr

    def heard(service, loop, channel, predicate):
        return asyncio.run_coroutine_threadsafe(service.heard(channel, predicate), loop).result(_S)

    asyncio.run(scene())
