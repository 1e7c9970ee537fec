"""A workbench on the private engine."""

import json

import pytest

from dockerlab import images, runtimes


@pytest.fixture(scope="session")
def private(engine, tiny):
    """The engine, if it is our own."""
    if engine.kind != "embedded":
        pytest.skip(f"needs the embedded engine; this is {engine.endpoint.origin}")
    return engine


@pytest.fixture(scope="module")
def bench(private):
    with runtimes.workbench() as started:
        started.unpack("tiny", "/bundle/rootfs")
        started.sh("cd /bundle && runc spec")
        yield started


@pytest.fixture
def bundle(bench):
    """Writes the bundle's config.json anew: what the process runs, and what else to change."""
    spec = json.loads(bench.sh("cat /bundle/config.json").stdout)

    def write(arguments, change=lambda config: None):
        config = json.loads(json.dumps(spec))
        config["root"]["path"] = "/bundle/rootfs"
        config["process"] |= {"terminal": False, "args": arguments}
        change(config)
        bench.put("/bundle/config.json", json.dumps(config))

    yield write
    bench.put("/bundle/config.json", json.dumps(spec))


@pytest.fixture(scope="session")
def python_image(private):
    return images.ensure("python")


PLUGIN = '''
import json, os, sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer

class Plugin(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
        place = "/data/" + asked.get("Name", "")
        if self.path == "/VolumeDriver.Create":
            os.makedirs(place)
            open(place + "/text", "w").write((asked.get("Opts") or {}).get("text", ""))
        held = {name: {"Name": name, "Mountpoint": "/data/" + name} for name in os.listdir("/data")}
        answer = {"Err": "", "Implements": ["VolumeDriver"], "Mountpoint": place}
        answer |= {"Volumes": list(held.values()), "Volume": held.get(asked.get("Name"))}
        if self.path == "/VolumeDriver.Get" and not answer["Volume"]:
            answer["Err"] = "there is none"
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_request(self, *_): pass
    def address_string(self): return "engine"

ThreadingUnixStreamServer(sys.argv[1], Plugin).serve_forever()
'''


@pytest.fixture(scope="session")
def plugin_file(tmp_path_factory):
    """The program of a volume plugin."""
    path = tmp_path_factory.mktemp("plugin") / "plugin.py"
    path.write_text(PLUGIN)
    return path
