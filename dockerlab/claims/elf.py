"""글 한 줄을 찍고 끝나는 가장 작은 실행 파일을 CPU 구조마다 만듭니다.

컴파일러 없이 다른 구조의 진짜 프로그램을 얻으려고 손으로 적습니다. 형식의 출처는 System V ABI의 ELF-64이고,
기계어는 Linux의 시스템 콜 write와 exit_group을 부르는 것이 전부입니다.
"""

from __future__ import annotations

import struct

ARCHITECTURES = {"amd64": 62, "arm64": 183}
"""Docker가 부르는 이름과 ELF의 e_machine 값입니다."""

_BASE = 0x400000
_HEADERS = 64 + 56


def program(arch: str, text: str) -> bytes:
    """``text``를 표준 출력에 쓰고 0으로 끝나는 실행 파일입니다. ``arch``는 ``amd64``나 ``arm64``입니다."""
    said = text.encode()
    code = {"amd64": _amd64, "arm64": _arm64}[arch](len(said)) + said
    size = _HEADERS + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH",
        b"\x7fELF\x02\x01\x01",  # 64 bits, little endian, version 1
        *(2, ARCHITECTURES[arch], 1),  # an executable
        *(_BASE + _HEADERS, 64, 0),  # where it starts; the segment follows this header; no sections
        *(0, 64, 56, 1, 64, 0, 0),
    )
    readable_and_executable = 5
    segment = struct.pack(
        "<IIQQQQQQ", 1, readable_and_executable, 0, _BASE, _BASE, size, size, 0x10000
    )
    return header + segment + code


def _amd64(length: int) -> bytes:
    ending = bytes.fromhex("b8e7000000 31ff 0f05")  # mov eax,231 (exit_group); xor edi,edi; syscall
    return (
        bytes.fromhex("b801000000 bf01000000")  # mov eax,1 (write); mov edi,1
        + bytes.fromhex("488d35")
        + struct.pack("<i", 5 + 2 + len(ending))  # lea rsi,[rip + what follows]
        + b"\xba"
        + struct.pack("<I", length)  # mov edx,length
        + bytes.fromhex("0f05")
        + ending
    )


def _arm64(length: int) -> bytes:
    words = (
        0xD2800020,  # mov x0, #1
        0x10000001 | (7 << 5),  # adr x1, seven words ahead: the text
        0xD2800002 | (length << 5),  # mov x2, #length
        0xD2800808,  # mov x8, #64 (write)
        0xD4000001,  # svc #0
        0xD2800000,  # mov x0, #0
        0xD2800BC8,  # mov x8, #94 (exit_group)
        0xD4000001,  # svc #0
    )
    return struct.pack(f"<{len(words)}I", *words)
