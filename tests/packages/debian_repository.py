"""A tiny Debian repository, signed by a key of its own, on a loopback HTTP server that can misbehave."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pysequoia import SignatureMode, Tsk, sign


def file_member(name, content=b"", mode=0o644):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), mode, 1_700_000_000
    return info, content


def link_member(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def special_member(name, kind, mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.mode = kind, mode
    return info, b""


def make_tar(members, mode="w:xz"):
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=mode) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return made.getvalue()


def make_deb(members, mode="w:xz"):
    name = {"w:xz": "data.tar.xz", "w:gz": "data.tar.gz", "w": "data.tar"}[mode]
    return ar({"debian-binary": b"2.0\n", "control.tar.xz": make_tar([]), name: make_tar(members, mode)})


def ar(parts):
    made = b"!<arch>\n"
    for name, content in parts.items():
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


class Repository:
    """What the server serves is in ``files``; what it was asked is in ``asked`` as (path, Range)."""

    def __init__(self, server):
        self.key = Tsk.generate("dockerlab test <test@example.org>")
        self.server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}/debian"
        self.stanzas = []

    @property
    def files(self):
        return self.server.files

    @property
    def faults(self):
        return self.server.faults

    @property
    def asked(self):
        return self.server.asked

    def count(self, end):
        return sum(path.endswith(end) for path, _ in self.asked)

    def add(self, name, members=(), *, depends="", deb=None, sha256=None, extra="", version="1.0"):
        deb = deb if deb is not None else make_deb(members)
        path = f"pool/main/{name}_{version}_amd64.deb"
        self.files[f"/debian/{path}"] = deb
        digest = sha256 or hashlib.sha256(deb).hexdigest()
        lines = [f"Package: {name}", f"Version: {version}", "Architecture: amd64", "Section: admin"]
        lines += [f"Depends: {depends}"] if depends else []
        lines += [*extra.splitlines(), f"Filename: {path}", f"Size: {len(deb)}", f"SHA256: {digest}"]
        self.stanzas.append("\n".join(lines) + "\n")
        return f"/debian/{path}"

    def publish(self, suite="trixie", *, codename=None, until=None, key=None, by_hash=True, arch="amd64"):
        packages = lzma.compress("\n".join(self.stanzas).encode())
        digest = hashlib.sha256(packages).hexdigest()
        folder = f"main/binary-{arch}"
        now = datetime.now(UTC)
        release = f"Origin: Test\nSuite: stable\nCodename: {codename or suite}\n"
        release += f"Date: {format_datetime(now)}\n"
        release += f"Valid-Until: {format_datetime(now + timedelta(seconds=until))}\n" if until else ""
        release += "Acquire-By-Hash: yes\n" if by_hash else ""
        release += f"SHA256:\n {digest} {len(packages)} {folder}/Packages.xz\n"
        signer = (key or self.key).signer()
        signed = bytes(sign(signer, release.encode(), mode=SignatureMode.CLEAR))
        top = f"/debian/dists/{suite}"
        self.files[f"{top}/InRelease"] = signed
        name = f"{top}/{folder}/" + (f"by-hash/SHA256/{digest}" if by_hash else "Packages.xz")
        self.files[name] = packages
        return name


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append((self.path, wanted))
        fault = self.server.faults.get(self.path)
        if callable(fault):
            fault = fault(wanted)
        if fault == "hang":
            self.server.released.wait()
            self.close_connection = True
            return
        if isinstance(fault, int):
            return self.answer(fault, b"sorry")
        content = self.server.files.get(self.path)
        if content is None:
            return self.answer(404, b"not here")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and fault != "no-range" else 0
        if start >= len(content) > 0:
            return self.answer(416, b"")
        span = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if start else {}
        send = content[start:]
        if isinstance(fault, tuple):  # ("cut", n): promise all, send n bytes, hang up
            self.answer(206 if start else 200, send[: fault[1]], span, promised=len(send))
            self.close_connection = True
            return
        self.answer(206 if start else 200, send, span)

    def answer(self, status, body, headers=(), promised=None):
        self.send_response(status)
        for name, value in dict(headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.files, server.faults, server.asked = {}, {}, []
    server.released = threading.Event()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server
