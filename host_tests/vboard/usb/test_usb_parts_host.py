"""The parts of the virtual ESP32 by themselves: framing, flash chip, console layer, ROMFS reader, port, commands."""

import asyncio
import fcntl
import hashlib
import json
import os
import struct
import subprocess
import sys
import termios
import zlib
from types import SimpleNamespace

import pytest

from host_tests.vboard.usb import flashed
from tools import rom
from tools.vboard.usb import hand, native, orders
from tools.vboard.usb import port as port_of_the_board
from tools.vboard.usb.console import FRIENDLY, INTERRUPT, RAW, Console
from tools.vboard.usb.contents import check_boot, image_fault
from tools.vboard.usb.flash import Flash, FlashError
from tools.vboard.usb.port import Port
from tools.vboard.usb.rom import RomLoader
from tools.vboard.usb.rom_chips import rom_chip
from tools.vboard.usb.slip import Decoder, encode

_S = 20
MAC = bytes.fromhex("246f28aabbcc")


@pytest.fixture
def flash(tmp_path):
    flash = Flash(tmp_path / "flash.bin", 2)
    yield flash
    flash.close()


def test_packets_survive_their_framing_in_any_pieces_and_rubbish_between_them():
    packets = [bytes(range(256)), b"\xc0\xdb\xdc\xdd", b"\xdb"]
    line = b"rubbish" + b"".join(encode(packet) + b"noise" for packet in packets)
    for step in (1, 2, 7, len(line)):
        decoder, found = Decoder(), []
        for place in range(0, len(line), step):
            found += decoder.feed(line[place : place + step])
        assert found == packets


def test_a_program_only_clears_bits_and_an_erase_sets_those_of_whole_sectors(flash):
    flash.program(4095, b"\xf0\xf0\xf0")
    flash.program(4096, b"\x0f")
    assert flash.read(4095, 4) == b"\xf0\x00\xf0\xff"
    flash.erase(4096 + 17, 1)
    assert flash.read(4095, 3) == b"\xf0\xff\xff"
    flash.erase(4000, 200)
    assert flash.read(4090, 10) == b"\xff" * 10


def test_the_flash_ends_where_it_ends(flash):
    with pytest.raises(FlashError):
        flash.program(flash.size - 1, b"ab")
    with pytest.raises(FlashError):
        flash.erase(flash.size, 1)
    flash.program(0, b"first")
    assert flash.read(flash.size - 1, 6) == b"\xfffirst", "reading goes round, as the chip ignores the higher address bits"


def test_a_dead_range_keeps_what_it_holds(flash):
    flash.dead = range(10, 12)
    flash.program(8, bytes(6))
    assert flash.read(8, 6) == b"\0\0\xff\xff\0\0"


def test_the_flash_file_is_used_again_and_not_with_another_size(tmp_path, flash):
    flash.program(5, b"x")
    again = Flash(tmp_path / "flash.bin", 2)
    assert again.read(5, 1) == b"x"
    again.close()
    with pytest.raises(FlashError):
        Flash(tmp_path / "flash.bin", 4)
    with pytest.raises(ValueError):
        Flash(tmp_path / "other.bin", 3)


def test_newlines_and_ctrl_c_are_as_a_uart_has_them():
    console = Console()
    assert console.to_host(b"a\nb\r") + console.to_host(b"\n\n") == b"a\r\nb\r\n\r\n"
    assert Console.to_unit(b"a\rb\x03\x03c") == [b"a\nb", INTERRUPT, INTERRUPT, b"c"]
    for text, raw in ((RAW, True), (b"x" + FRIENDLY, False), (RAW[:9], False), (RAW[9:], True)):
        console.to_host(text)
        assert console.raw is raw
    console.restart(soft=True)
    assert console.raw
    console.restart(soft=False)
    console.to_host(b"ets")
    assert not console.raw


def test_every_image_fault_is_found(flash):
    chip = rom_chip("esp32", MAC)
    whole = flashed.image("esp32")
    flash.put(0x1000, whole)
    assert image_fault(flash, 0x1000, chip, 0x7000) is None
    assert image_fault(flash, 0x1000, rom_chip("esp32s3", MAC), 0x7000).startswith("mismatch chip ID, expected 9")
    assert "does not fit" in image_fault(flash, 0x1000, chip, 40)
    for place in range(24 + 8, len(whole) - 32):  # any bit of the segments, the filling and the checksum
        flash.put(0x1000 + place, bytes((whole[place] ^ 1,)))
        assert image_fault(flash, 0x1000, chip, 0x7000), place
        flash.put(0x1000 + place, whole[place : place + 1])


def test_a_table_that_goes_beyond_the_chip_is_refused(flash):
    for offset, content in ((0x1000, flashed.image("esp32")), (0x8000, flashed.table()), (0x10000, flashed.image("esp32"))):
        flash.put(offset, content)
    with pytest.raises(Exception, match="exceeds flash chip size 0x200000"):
        check_boot(flash, rom_chip("esp32", MAC))


def asked(flash):
    """A loader's function that sends a command and gives the status, two bytes."""
    loader = RomLoader(rom_chip("esp32", MAC), flash, lambda how: None)

    def ask(operation, body, check=0):
        answer, *again = loader.answer(struct.pack("<BBHI", 0, operation, len(body), check) + body)
        assert again == ([answer] * 7 if operation == 0x08 else [])
        return answer[8:10]

    return loader, ask


def test_the_loader_takes_one_sync_alone(flash):
    ask = asked(flash)[1]
    assert ask(0x08, b"\x07\x07\x12\x20" + 32 * b"\x55") == b"\0\0"
    for body in (b"", b"\x07\x07\x12\x20" + 31 * b"\x55", b"\x07\x07\x12\x21" + 32 * b"\x55"):
        assert ask(0x08, body) == b"\x01\x05"


def test_compressed_data_goes_onto_erased_flash_and_no_further_than_announced(flash):
    ask = asked(flash)[1]

    def send(size, content):
        data = struct.pack("<IIII", len(content), 0, 0, 0) + content
        check = 0xEF
        for byte in content:
            check ^= byte
        return ask(0x10, struct.pack("<IIII", size, 1, 1024, 4096)), ask(0x11, data, check)

    ask(0x0D, bytes(8))
    flash.program(4096, bytes(100))
    assert send(8, zlib.compress(b"eight by")) == (b"\0\0", b"\0\0")
    assert flash.read(4096, 9) == b"eight by\xff"
    assert send(7, zlib.compress(b"too many")) == (b"\0\0", b"\x01\x0b") and flash.read(4096, 1) == b"\xff"
    assert send(8, b"no deflate") == (b"\0\0", b"\x01\x0b")


def test_the_loader_refuses_what_it_does_not_know_or_what_came_broken(flash):
    loader, ask = asked(flash)
    begin = struct.pack("<IIII", 4, 1, 4, 0)
    assert ask(0x14, b"") == b"\x01\x05", "an ESP32 has no security info"
    assert ask(0x02, begin) == b"\x01\x08", "the flash is not attached"
    assert ask(0x0D, bytes(8)) == b"\0\0"
    assert ask(0x02, begin) == b"\0\0"
    data = struct.pack("<IIII", 4, 0, 0, 0) + b"abcd"
    assert ask(0x03, data, check=0) == b"\x01\x07"
    assert ask(0x03, data, check=0xEF ^ 0x61 ^ 0x62 ^ 0x63 ^ 0x64) == b"\0\0"
    assert ask(0x03, data, check=0xEF ^ 0x61 ^ 0x62 ^ 0x63 ^ 0x64) == b"\x01\x08", "more than was announced"
    assert ask(0x02, struct.pack("<IIII", 4096, 1, 4096, 2 << 20)) == b"\x01\x08", "beyond the chip"
    assert ask(0x03, b"") == b"\x01\x05"
    assert loader.answer(b"\x01\x08\0\0") == [] and loader.answer(b"") == []
    assert flash.read(0, 5) == b"abcd\xff"


def test_a_romfs_image_is_read_as_it_was_made():
    files = {"a": b"1", "pack/mod.mpy": b"M\x06\x00\x1f" * 100, "pack/deep/x": b"", "z": bytes(300)}
    assert dict(native.romfs_files(rom.image(files) + b"\xff" * 9)) == files


def test_native_code_for_a_board_has_a_twin_for_this_machine_found_by_its_hash(tmp_path):
    source = tmp_path / "fast.py"
    source.write_text("import micropython\n@micropython.viper\ndef f(x: int) -> int:\n    return x + 7\n")
    plain = tmp_path / "plain.py"
    plain.write_text("X = 1\n")
    codes = rom.compile_all({"fast.py": source, "plain.py": plain}, "xtensawin")
    content = rom.image(codes)
    table = [SimpleNamespace(label="romfs", offset=0, size=len(content))]
    flash = SimpleNamespace(read=lambda offset, size: content[offset : offset + size])
    found = native.foreign_modules(flash, table)
    assert list(found) == ["rom/fast.mpy"]
    path, names = native.twin_image(found)
    assert names == ["rom/fast.mpy"]
    ours = rom.compile_all({"fast.py": source}, rom.VIRTUAL_ARCH)["fast.mpy"]
    assert dict(native.romfs_files(path.read_bytes())) == {"rom/fast.mpy": ours} != found
    assert rom.twin(hashlib.sha256(ours).digest()) is None


def test_a_port_is_raw_is_lost_with_its_cable_and_can_be_locked(tmp_path):
    async def scene():
        heard = []
        port = Port(tmp_path / "port", heard.append)
        port.plug()
        first = os.readlink(tmp_path / "port")
        host = os.open(tmp_path / "port", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        assert not termios.tcgetattr(host)[3] & (termios.ECHO | termios.ICANON | termios.ISIG)
        os.write(host, b"\x03to\n")
        port.write(b"from\n")
        for _ in range(1000):
            if heard:
                break
            await asyncio.sleep(0.01)
        assert heard == [b"\x03to\n"] and os.read(host, 99) == b"from\n"
        port.lock()
        with pytest.raises(OSError):
            fcntl.flock(host, fcntl.LOCK_EX | fcntl.LOCK_NB)
        port.unlock()
        fcntl.flock(host, fcntl.LOCK_EX | fcntl.LOCK_NB)
        port.pull()
        assert not (tmp_path / "port").is_symlink()
        with pytest.raises(OSError):
            os.write(host, b"x")
        port.write(b"lost")
        os.close(host)
        port.plug()
        assert os.readlink(tmp_path / "port").startswith(os.path.dirname(first))
        port.pull()

    asyncio.run(scene())


def test_bytes_that_nobody_reads_do_not_pile_up_nor_block(tmp_path, monkeypatch):
    monkeypatch.setattr(port_of_the_board, "_PATIENCE_S", 0.2)

    async def scene():
        port = Port(tmp_path / "port", lambda data: None)
        port.plug()
        for _ in range(40):
            port.write(b"x" * 4096)
        await asyncio.wait_for(port.room(), _S)
        port.pull()

    asyncio.run(scene())


def test_the_command_serves_a_port_and_obeys_its_standard_input(tmp_path):
    words = ["--link", tmp_path / "port", "--state", tmp_path / "state", "--chip", "esp32s3", "--mac", "24:6f:28:00:00:09"]
    begun = [sys.executable, "-m", "tools.vboard.usb", *map(str, words), "--flash-mb", "2", "--boot", "--broker-port", "1883"]
    with subprocess.Popen(begun, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = json.loads(process.stdout.readline())
            assert ready["mode"] == "rom" and ready["port"] == str(tmp_path / "port") and len(ready["relays"]) == 1
            told = flashed.esptool(SimpleNamespace(link=tmp_path / "port"), "read-mac")
            assert "24:6f:28:00:00:09" in told.stdout, told.stdout
            for line, ok, mode in (("pull", True, "off"), ("plug", True, "stuck"), ("boot", True, "rom"), ("hop", False, "rom")):
                process.stdin.write(line + "\n")
                process.stdin.flush()
                answer = json.loads(process.stdout.readline())
                assert (answer["ok"], answer["mode"]) == (ok, mode), answer
            assert hand.tell(tmp_path / "port", "reset") == {"ok": True, "mode": "stuck"}, "from another process"
        finally:
            process.terminate()
        assert process.wait(_S) == 0
    assert not (tmp_path / "port").is_symlink()


def test_lines_of_the_command_become_hands_on_the_board():
    done = []
    board = SimpleNamespace(mode="rom", press_boot=lambda: done.append("boot"), fault=lambda *a, **s: done.append((a, s)))
    assert orders.obey(board, "boot") == {"ok": True, "mode": "rom"}
    assert orders.obey(board, "fault cable step=data count=0x3")["ok"]
    assert done == ["boot", (("cable",), {"step": "data", "count": 3})]
    assert not orders.obey(board, "fault")["ok"]
    assert "wanted" in orders.obey(board, "lift")["error"]
