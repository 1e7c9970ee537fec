"""A registry on loopback for a private engine: one image, and the ways in which registries fail.

    python fake_registry.py PORT LAYER.tar.gz ARCHITECTURE

Prints the digest of its index once it listens. The repository's name chooses what happens:
good, limited (429), portal (a web page instead of a registry), broken (a layer with other bytes),
secret (401), hangs (never answers).
"""

import gzip
import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def image(layer, architecture):
    """Blobs and manifests by digest; the index's digest last."""
    config = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["sh"], "Env": ["PATH=/usr/bin:/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(gzip.decompress(layer))]},
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "digest": digest(config), "size": len(config)},
            "layers": [{"mediaType": LAYER, "digest": digest(layer), "size": len(layer)}],
        }
    ).encode()
    described = {
        "mediaType": MANIFEST,
        "digest": digest(manifest),
        "size": len(manifest),
        "platform": {"architecture": architecture, "os": "linux"},
    }
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [described]}).encode()
    blobs = {digest(config): config, digest(layer): layer}
    return blobs, {digest(manifest): (MANIFEST, manifest), digest(index): (INDEX, index)}, digest(index)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    blobs, manifests = {}, {}

    def do_GET(self):
        parts = self.path.split("/")
        if self.path.rstrip("/") == "/v2":
            self.answer(200, "application/json", b"{}")
            return
        repository, kind, wanted = parts[2], parts[3], parts[4]
        if repository == "limited":
            self.fail(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.")
        elif repository == "secret":
            self.fail(401, "UNAUTHORIZED", "authentication required")
        elif repository == "portal":
            self.answer(200, "text/html", b"<!doctype html><title>Please log in</title>")
        elif repository == "hangs":
            threading.Event().wait(60)
        elif kind == "manifests" and wanted in self.manifests:
            self.answer(200, *self.manifests[wanted], digest=wanted)
        elif kind == "blobs" and wanted in self.blobs:
            data = self.blobs[wanted]
            if repository == "broken" and len(data) > 10_000:
                data = data[:-100] + bytes(100)
            self.answer(200, "application/octet-stream", data)
        else:
            self.fail(404, "MANIFEST_UNKNOWN", "manifest unknown")

    do_HEAD = do_GET

    def fail(self, status, code, message):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, "application/json", body)

    def answer(self, status, kind, body, digest=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as file:
        Handler.blobs, Handler.manifests, name = image(file.read(), sys.argv[3])
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
    print(name, flush=True)
    server.serve_forever()
