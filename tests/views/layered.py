"""Images made of plain data, for what shows them: one to read, one of 100,000 files, one with evil names."""

from __future__ import annotations

from dockerlab.errors import ImageUnclear
from dockerlab.layering import File, FileContent, Image, Layer

FILES = 100_000
EVIL = (
    "/evil/<img src=x onerror=window.hacked=1>",
    '/evil/"><svg onload=window.hacked=1>',
    "/evil/\x1b[2J\x07",
    "/evil/\udcc7\udcd1\udcb1\udcdb",  # 한글 in EUC-KR
    "/evil/gpj.\u202etxt",
    "/evil/a\nb",
    "/evil/$x^2$",
    "/evil/" + "길" * 1300,
)
TEXTS = {
    "/app/main.py": "print('안녕')\n<script>window.hacked=1</script>\n".encode(),
    "/app/euc.txt": "한글 파일".encode("cp949"),
    "/app/raw.bin": bytes(range(256)),
}


def folder(path):
    return File(path, "folder", mode=0o755)


def small():
    """Base, packages, application, clean-up: with a change, a deletion and the waste of both."""
    base = Layer(
        "sha256:" + "0" * 64, "FROM debian", size_tar=900_000, size_compressed=400_000,
        digest="sha256:" + "a" * 64,
        files=(folder("/etc"), File("/etc/os-release", size=300), File("/etc/motd", size=50_000),
               folder("/usr"), File("/usr/libc.so", size=600_000), File("/bin", "symlink", link="usr/bin")),
    )  # fmt: skip
    packages = Layer(
        "sha256:" + "1" * 64, "RUN pip install flask", size_tar=300_000, size_compressed=100_000,
        files=(folder("/cache"), File("/cache/flask.whl", size=200_000), folder("/usr/py"),
               File("/cache/deep/more.whl", size=1_000), File("/usr/py/flask.py", size=80_000)),
    )  # fmt: skip
    app = Layer(
        "sha256:" + "2" * 64, "COPY . /app", size_tar=70_000, size_compressed=30_000,
        files=(folder("/app"), *(File(path, size=len(data)) for path, data in TEXTS.items()),
               File("/etc/motd", size=60_000)),
    )  # fmt: skip
    clean = Layer("sha256:" + "3" * 64, "RUN rm -r /cache", files=(), whiteouts=("/cache",), size_tar=1_024)
    return Image("sha256:" + "f" * 64, (base, packages, app, clean), "small:1")


def container(image):
    """``image`` with a read/write layer on it."""
    written = Layer(
        "", "읽기·쓰기 레이어", (File("/app/log", size=5_000), File("/app/main.py", size=99)),
        whiteouts=("/etc/motd",), writable=True,
    )  # fmt: skip
    return Image(image.id, (*image.layers, written), "web")


def evil():
    """Names that want to be HTML, to move the cursor, to turn the line around."""
    layer = Layer("sha256:" + "e" * 64, "RUN <b>evil</b> \x1b[2J", tuple(File(path, size=1) for path in EVIL))
    return Image("sha256:" + "e" * 64, (layer,), "<i>evil</i>\x1b[2J")


def huge(files=FILES):
    """``files`` files, of which the third layer stores some again and deletes some, and evil names on top."""

    def made(amount, place):
        return tuple(
            File(f"/usr/{place}/d{at % 300}/s{at % 7}/file{at}.py", size=at * 7919 % 100_000)
            for at in range(amount)
        )

    first, second = files * 6 // 10, files * 4 // 10
    layers = (
        Layer("sha256:" + "a" * 64, "FROM debian:trixie", made(first, "lib")),
        Layer("sha256:" + "b" * 64, "RUN pip install everything", made(second, "py")),
        Layer("sha256:" + "c" * 64, "RUN chmod -R g+w /usr/lib && rm -r /usr/py/d3 /usr/py/d4",
              made(first // 10, "lib"), whiteouts=("/usr/py/d3", "/usr/py/d4")),
    )  # fmt: skip
    return Image("sha256:" + "d" * 64, (*layers, *evil().layers), "huge:1")


def read(path, layer):
    """Instead of an image's bytes; the last of them is refused like a file of a damaged image."""
    if path not in TEXTS:
        raise ImageUnclear("파일의 내용을 읽을 수 없습니다: <b>\x1b[2J", seen="본 것", todo="할 일")
    data = TEXTS[path]
    return FileContent(path, layer, len(data), data)
