"""포트를 공개할 소켓을 호스트의 루프백에 열어 portproxy에 건네줍니다."""

from __future__ import annotations

import asyncio
import json
import os
import socket


async def hand_over(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """포트를 공개하려는 portproxy에 호스트 루프백의 소켓을 건네줍니다."""
    asked = json.loads(await reader.readline())
    family, host = (socket.AF_INET6, "::1") if ":" in asked["address"] else (socket.AF_INET, "127.0.0.1")
    opened = None
    try:
        opened = socket.socket(family, asked["kind"])
        if asked["kind"] == socket.SOCK_STREAM:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, asked["port"]))
        if asked["kind"] == socket.SOCK_STREAM:
            opened.listen(128)
        answer, handed = {}, [opened.fileno()]
    except OSError as error:
        answer, handed = {"error": error.strerror}, []
    # A transport's socket object may not send descriptors; a duplicate of it may.
    with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as raw:
        raw.setblocking(True)
        socket.send_fds(raw, [json.dumps(answer).encode()], handed)
    if opened is not None:
        opened.close()
    writer.close()
