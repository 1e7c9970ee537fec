"""Stands where dockerd expects docker-proxy; run by the embedded engine, one process a published port.

It lives in the engine's network namespace, where the container's address is reachable, and listens
on a socket of the host's loopback that the supervisor opened and handed over. When dockerd ends it,
the port is closed with it. Stand-alone on purpose (``python -I -S``): it must start fast.
"""

import asyncio
import json
import os
import socket
import sys

STATUS_FD = 3  # docker-proxy's contract: "0\n" on this descriptor means listening, "1\n<why>" failed
LISTEN_FD = 4


def arguments(argv):
    """docker-proxy takes ``-name value`` pairs; a flag without a value is skipped."""
    found, index = {}, 0
    while index < len(argv):
        name = argv[index].lstrip("-")
        if "=" in name:
            name, found[name.partition("=")[0]] = name.split("=", 1)[0], name.split("=", 1)[1]
        elif index + 1 < len(argv) and not argv[index + 1].startswith("-"):
            index += 1
            found[name] = argv[index]
        index += 1
    return found


def listen_on_host(broker, address, port, kind):
    """Ask the supervisor for a listening socket in the host's network namespace."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(broker)
        asked.sendall(json.dumps({"address": address, "port": port, "kind": kind}).encode() + b"\n")
        answer, descriptors, _, _ = socket.recv_fds(asked, 4096, 1)
    if not descriptors:
        raise OSError(json.loads(answer)["error"])
    return socket.socket(fileno=descriptors[0])


def listen_here(address, port, kind):
    """The engine's own namespace too: dockerd itself may be the client (a registry on localhost)."""
    if "-use-listen-fd" in sys.argv:  # Engine 28 and later open it themselves
        return socket.socket(fileno=LISTEN_FD)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    here = socket.socket(family, kind)
    here.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        here.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    here.bind((address, port))
    if kind == socket.SOCK_STREAM:
        here.listen(128)
    return here


async def copy(reader, writer):
    try:
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.close()


async def relay_stream(near_reader, near_writer, target):
    try:
        far_reader, far_writer = await asyncio.open_connection(*target)
    except OSError:
        near_writer.close()
        return
    await asyncio.gather(copy(near_reader, far_writer), copy(far_reader, near_writer))
    near_writer.close()
    far_writer.close()


class DatagramRelay(asyncio.DatagramProtocol):
    """One upstream socket a client, so that answers find their way back."""

    def __init__(self, target):
        self.target, self.clients = target, {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, client):
        if client not in self.clients:
            upstream = self.clients[client] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            upstream.setblocking(False)
            upstream.connect(self.target)
            asyncio.get_running_loop().add_reader(upstream, self.answer, upstream, client)
        self.clients[client].send(data)

    def answer(self, upstream, client):
        try:
            self.transport.sendto(upstream.recv(65536), client)
        except OSError:
            asyncio.get_running_loop().remove_reader(upstream)
            self.clients.pop(client).close()


async def serve(listeners, target, kind):
    loop = asyncio.get_running_loop()
    for listener in listeners:
        listener.setblocking(False)
        if kind == socket.SOCK_STREAM:
            await asyncio.start_server(lambda r, w: relay_stream(r, w, target), sock=listener)
        else:
            await loop.create_datagram_endpoint(lambda: DatagramRelay(target), sock=listener)
    os.write(STATUS_FD, b"0\n")
    os.close(STATUS_FD)
    await asyncio.Event().wait()


def main():
    broker, wanted = sys.argv[1], arguments(sys.argv[2:])
    protocol, address, port = wanted["proto"], wanted["host-ip"], int(wanted["host-port"])
    kind = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}.get(protocol)
    try:
        if kind is None:
            raise OSError(f"{protocol} ports are not published by this engine")
        listeners = [listen_here(address, port, kind), listen_on_host(broker, address, port, kind)]
    except OSError as error:
        why = error.strerror or str(error)
        # The wording of dockerd's own proxy: clients recognise it.
        os.write(STATUS_FD, f"1\nlisten {protocol} {address}:{port}: bind: {why}".encode())
        sys.exit(1)
    target = (wanted["container-ip"], int(wanted["container-port"]))
    asyncio.run(serve(listeners, target, kind))


if __name__ == "__main__":
    main()
