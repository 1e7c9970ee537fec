"""A learner at the pod's JupyterLab: opens a kernel through the server and runs cells, one after another.

Run in the pod: python tests/pod/learner.py ADDRESS TOKEN CELL...
Prints JSON: what the server says of itself, and of every cell its text, its error and its seconds.
The kernel is left running.
"""

import json
import sys
import time
import urllib.error
import urllib.request
import uuid

import websocket

START = 120.0  # seconds for the server on one busy CPU
CELL = 300.0
TRANSLATION = "/lab/api/settings/@jupyterlab/translation-extension:plugin"


def main(address: str, token: str, *cells: str) -> None:
    server = Server(address, token)
    print(
        json.dumps(
            {
                "page": server.wait(),
                "stranger": Server(address, "wrong").status("/api/contents"),
                "language": server.ask("GET", TRANSLATION)["schema"]["properties"]["locale"]["default"],
                "words": server.ask("GET", "/lab/api/translations/ko_KR")["data"]["jupyterlab"],
                "cells": run(server, cells),
            }
        )
    )


class Server:
    def __init__(self, address: str, token: str) -> None:
        self.address = address
        self.token = token

    def open(self, method: str, path: str, body: object = None):
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(f"{self.address}{path}", data, headers, method=method)
        return urllib.request.urlopen(asked, timeout=60)

    def ask(self, method: str, path: str, body: object = None):
        with self.open(method, path, body) as answer:
            return json.load(answer)

    def status(self, path: str) -> int:
        try:
            with self.open("GET", path) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    def wait(self) -> int:
        deadline = time.monotonic() + START
        while True:
            try:
                return self.status("/lab")
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


def run(server: Server, cells: tuple[str, ...]) -> list[dict]:
    if not cells:
        return []
    kernel = server.ask("POST", "/api/kernels", {"name": "python3", "path": "/notebooks"})["id"]
    address = f"{server.address.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    channel = websocket.create_connection(
        address, header={"Authorization": f"token {server.token}"}, timeout=CELL
    )
    return [run_cell(channel, code) for code in cells]


def run_cell(channel: websocket.WebSocket, code: str) -> dict:
    number = uuid.uuid4().hex
    header = {"msg_id": number, "session": number, "msg_type": "execute_request"}
    header |= {"username": "", "version": "5.3"}
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    began = time.monotonic()
    channel.send(json.dumps(message))
    text, error = "", ""
    while True:
        heard = json.loads(channel.recv())
        if heard["parent_header"].get("msg_id") != number:
            continue
        kind, content = heard["msg_type"], heard["content"]
        if kind == "stream":
            text += content["text"]
        elif kind in ("execute_result", "display_data"):
            text += content["data"].get("text/plain", "")
        elif kind == "error":
            error = "\n".join(content["traceback"])
        elif kind == "status" and content["execution_state"] == "idle":
            return {"text": text, "error": error, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    main(*sys.argv[1:])
