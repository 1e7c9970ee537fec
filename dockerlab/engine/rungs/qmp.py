"""QEMU에 하는 말입니다(QMP): 한 줄에 JSON 하나.

https://www.qemu.org/docs/master/interop/qmp-spec.html
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from dockerlab.engine.rungs import StartFailed


class Qmp:
    """QEMU 하나와의 연결입니다."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, path: Path) -> Qmp:
        """소켓 ``path``의 QEMU와 인사합니다."""
        qmp = cls(*await asyncio.open_unix_connection(path))
        await qmp.reader.readline()  # its greeting
        await qmp.ask("qmp_capabilities")
        return qmp

    async def ask(self, command: str, **arguments: Any) -> Any:
        """명령 하나를 내리고 그 답을 돌려줍니다. 거절당하거나 끊기면 ``StartFailed``입니다."""
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        wanted = {"execute": command, "arguments": named}
        try:
            self.writer.write(json.dumps(wanted).encode() + b"\n")
            while line := await self.reader.readline():
                told = json.loads(line)
                if "error" in told:
                    raise StartFailed(f"QEMU {command}: {told['error'].get('desc', '')}")
                if "return" in told:  # the others are events
                    return told["return"]
        except OSError as error:
            raise StartFailed(f"QEMU {command}: {error}") from error
        raise StartFailed(f"QEMU {command}: QEMU has ended")

    def close(self) -> None:
        """연결을 닫습니다."""
        self.writer.close()
