"""A registry for an engine: one image, and the ways in which registries fail.

    python fake_registry.py PORT LAYER.tar.gz ARCHITECTURE [ADDRESS]

Prints the digest of its index once it listens (on loopback unless told another address). "latest" is the
index. The repository's name chooses what happens:
good, hub (anonymous token first), private (401 to whom has no login), secret (401 without saying how to log
in), denied (403), limited (429), portal (a web page instead of a registry), away (sent on to such a page),
down (503), hangs (never answers), stalls (half a layer, then silence), cut (half a layer, then the end),
broken (a layer with other bytes), lying (a manifest with other bytes).
"""

import gzip
import hashlib
import json
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PAGE = "<!doctype html><title>Wi-Fi 로그인</title>".encode()
LOGIN = "Basic c3R1ZGVudDpzZWNyZXQ="  # student:secret


class Half(bytes):
    """Announced whole, sent half."""


class Stalling(Half):
    """And then nothing."""


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
    default_request_version = "HTTP/1.1"  # who tries TLS first knows plain HTTP by the status line
    blobs, manifests, latest = {}, {}, ""

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/token":
            asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
            body = json.dumps({"token": f"for {asked.get('scope')} of {asked.get('service')}"})
            self.answer(200, "application/json", body.encode())
        elif path == "/welcome":
            self.answer(200, "text/html", PAGE)
        elif path.rstrip("/") == "/v2":
            self.answer(200, "application/json", b"{}")
        else:
            repository, kind, wanted = path.removeprefix("/v2/").split("/", 2)
            getattr(self, f"of_{repository}", self.of_nobody)(repository, kind, wanted)

    do_HEAD = do_POST = do_GET

    def give(self, repository, kind, wanted, spoil=lambda data: data):
        wanted = self.latest if wanted == "latest" else wanted
        if kind == "manifests" and wanted in self.manifests:
            media, data = self.manifests[wanted]
            self.answer(200, media, data, {"Docker-Content-Digest": wanted})
        elif kind == "blobs" and wanted in self.blobs:
            data = self.blobs[wanted]
            self.answer(200, "application/octet-stream", spoil(data) if len(data) > 10_000 else data)
        else:
            self.fail(404, f"{kind[:-1].upper()}_UNKNOWN", f"{kind[:-1]} unknown")

    of_good = give

    def of_nobody(self, *_):
        self.fail(404, "NAME_UNKNOWN", "repository name not known to registry")

    def of_hub(self, repository, kind, wanted):
        if self.headers.get("Authorization") == "Bearer for repository:hub:pull of fake":
            self.give(repository, kind, wanted)
        else:
            realm = f'Bearer realm="http://{self.headers["Host"]}/token",service="fake"'
            challenge = {"WWW-Authenticate": f'{realm},scope="repository:hub:pull"'}
            self.fail(401, "UNAUTHORIZED", "authentication required", challenge)

    def of_private(self, repository, kind, wanted):
        if self.headers.get("Authorization") == LOGIN:
            self.give(repository, kind, wanted)
        else:
            challenge = {"WWW-Authenticate": 'Basic realm="fake"'}
            self.fail(401, "UNAUTHORIZED", "authentication required", challenge)

    def of_secret(self, *_):
        self.fail(401, "UNAUTHORIZED", "authentication required")

    def of_denied(self, *_):
        self.fail(403, "DENIED", "requested access to the resource is denied")

    def of_limited(self, *_):
        told = {"Retry-After": "1800", "RateLimit-Limit": "100;w=21600", "RateLimit-Remaining": "0;w=21600"}
        self.fail(429, "TOOMANYREQUESTS", "You have reached your pull rate limit.", told)

    def of_portal(self, *_):
        self.answer(200, "text/html", PAGE)

    def of_away(self, *_):
        self.answer(302, "text/html", b"", {"Location": f"http://{self.headers['Host']}/welcome"})

    def of_down(self, *_):
        self.fail(503, "UNAVAILABLE", "service unavailable")

    def of_hangs(self, *_):
        threading.Event().wait(120)

    def of_broken(self, *asked):
        self.give(*asked, spoil=lambda data: data[:-100] + bytes(100))

    def of_lying(self, repository, kind, wanted):
        if kind == "manifests" and wanted.startswith("sha256:"):
            media, data = self.manifests[wanted]
            self.answer(200, media, data + b" ", {"Docker-Content-Digest": wanted})
        else:
            self.give(repository, kind, wanted)

    def of_cut(self, *asked):
        self.give(*asked, spoil=Half)

    def of_stalls(self, *asked):
        self.give(*asked, spoil=Stalling)

    def fail(self, status, code, message, headers=()):
        body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
        self.answer(status, "application/json", body, headers)

    def answer(self, status, kind, body, headers=()):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            half = isinstance(body, Half)
            self.wfile.write(body[: len(body) // 2] if half else body)
            self.wfile.flush()
            if isinstance(body, Stalling):
                threading.Event().wait(120)
            self.close_connection = half

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with open(sys.argv[2], "rb") as file:
        Handler.blobs, Handler.manifests, Handler.latest = image(file.read(), sys.argv[3])
    address = sys.argv[4] if len(sys.argv) > 4 else "127.0.0.1"
    server = ThreadingHTTPServer((address, int(sys.argv[1])), Handler)
    print(Handler.latest, flush=True)
    server.serve_forever()
