"""package.json names all that a board needs, and the real mpremote installs from it by HTTP and from a folder."""

import functools
import hashlib
import http.server
import json
import threading

import pytest

from host_tests.image import workshop
from host_tests.image.board_on_pty import board_on_pty, mpremote
from tools.image import filesystem, package
from tools.image.errors import ImageError

SIZE = 64 * 4096
_LIBRARY = b"X = 7\n"


@pytest.fixture
def source(tmp_path):
    """A small repository that needs umqtt.simple, as the real one does."""
    app = "import umqtt.simple\n\ndef run():\n    print('runs', umqtt.simple.X)\n"
    return workshop.repository(tmp_path / "repository", {"firmware/app.py": app, "firmware/core/deep.py": "Y = 1\n"})


@pytest.fixture
def server(tmp_path):
    """The address of a web server on the loopback, with everything below tmp_path."""
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            """Nothing: what was asked for is seen on the board."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=tmp_path)) as service:
        thread = threading.Thread(target=service.serve_forever)
        thread.start()
        yield "http://127.0.0.1:%d" % service.server_port
        service.shutdown()
        thread.join()


def index(folder):
    """An index of packages as micropython.org/pi/v2 is one, with a umqtt.simple that is enough for the small repository."""
    digest = hashlib.sha256(_LIBRARY).hexdigest()[:8]
    content = {"v": 1, "version": "1.0", "hashes": [["umqtt/simple.py", digest]]}
    files = {f"file/{digest[:2]}/{digest}": _LIBRARY, "package/6/umqtt.simple/latest.json": json.dumps(content).encode()}
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(data)


def test_the_package_of_this_tree_names_every_file_that_a_board_needs_and_no_other():
    content = json.loads((workshop.ROOT / "package.json").read_text())
    wanted = {"boot.py", "main.py"}
    for folder, pattern in (("firmware", "*.py"), ("board_configs", "*.json")):
        wanted |= {str(path.relative_to(workshop.ROOT)) for path in (workshop.ROOT / folder).rglob(pattern)}
    assert {target for target, _ in content["urls"]} == wanted, "run `make docs`"
    for target, url in content["urls"]:
        assert url == target and (workshop.ROOT / url).is_file()
    assert content["urls"][-1][0] == "main.py", "a copy that breaks off before leaves a board at its prompt"
    libraries = {str(path.relative_to(workshop.ROOT / "lib")) for path in (workshop.ROOT / "lib").rglob("*.py")}
    assert libraries == {"umqtt/simple.py"} and content["deps"] == [["umqtt.simple", "latest"]]
    assert (workshop.ROOT / "package.json").read_text() == package.of_sources(workshop.ROOT)


def test_mpremote_installs_the_sources_by_http_and_the_board_starts_them(tmp_path, source, server):
    (source / "package.json").write_text(package.of_sources(source))
    index(tmp_path / "index")
    with board_on_pty(tmp_path, SIZE) as (port, flash):
        mpremote(port, "mip", "install", "--index", f"{server}/index", "--target", "", f"{server}/repository/package.json")
        assert mpremote(port, "exec", "exec(open('main.py').read())").strip() == "runs 7"
        found = filesystem.files(flash.read_bytes(), SIZE)
    names = [name for name, _ in json.loads((source / "package.json").read_text())["urls"]]
    assert found == {**{name: (source / name).read_bytes() for name in names}, "umqtt/simple.py": _LIBRARY}
    assert {"boot.py", "main.py", "firmware/core/deep.py", "board_configs/CHILD.json"} <= set(found)


def test_mpremote_installs_compiled_modules_from_a_folder(tmp_path):
    source = workshop.repository(tmp_path / "repository")
    files = package.compiled(tmp_path / "package", "CHILD", "en", source)
    with board_on_pty(tmp_path, SIZE) as (port, flash):
        mpremote(port, "mip", "install", "--target", "", str(tmp_path / "package/package.json"))
        assert mpremote(port, "exec", "exec(open('main.py').read())").strip() == "runs 7"
        assert filesystem.files(flash.read_bytes(), SIZE) == dict(sorted(files.items()))
    assert {"boot.py", "main.py", "firmware/app.mpy", "lib/pack/mod.mpy", "prompts/en/received.al"} <= set(files)
    content = json.loads((tmp_path / "package/package.json").read_text())
    assert content["deps"] == [] and [name for name, _ in content["urls"]][-1] == "main.py"
    with pytest.raises(ImageError, match="not empty; choose a new folder"):
        package.compiled(tmp_path / "package", "CHILD", "en", source)
