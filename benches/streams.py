#!/usr/bin/env python3
"""How much memory an open stream takes, and how late a frame is: 500 WebSockets that watch one project.

    benches/streams.py http://127.0.0.1:8080 TOKEN PID [COUNT]

The server must run already; PID is its process, whose anonymous memory is read. Only the standard library is used.
"""

import base64
import json
import os
import selectors
import socket
import struct
import sys
import time
import urllib.request


def memory(pid):
    """The anonymous memory of a process, in KiB."""
    with open(f"/proc/{pid}/status") as status:
        return int(next(line for line in status if line.startswith("RssAnon")).split()[1])


class Stream:
    """One WebSocket."""

    def __init__(self, host, port, token):
        self.socket = socket.create_connection((host, port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /api/vinyasa/1/stream HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self.socket.recv(4096)
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        assert b" 101 " in head, head

    def say(self, message):
        text = json.dumps(message).encode()
        mask = os.urandom(4)
        masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(text))
        length = struct.pack("!B", 0x80 | len(text)) if len(text) < 126 else struct.pack("!BH", 0xFE, len(text))
        self.socket.sendall(b"\x81" + length + mask + masked)

    def frames(self):
        """The frames that have come."""
        while len(self.buffer) >= 2:
            length, start = self.buffer[1] & 127, 2
            if length == 126:
                length, start = struct.unpack("!H", self.buffer[2:4])[0], 4
            elif length == 127:
                length, start = struct.unpack("!Q", self.buffer[2:10])[0], 10
            if len(self.buffer) < start + length:
                return
            text, self.buffer = self.buffer[start:start + length], self.buffer[start + length:]
            yield json.loads(text)


def wait_for(streams, wanted):
    """When each stream had its first frame for which `wanted` holds."""
    selector, seen = selectors.DefaultSelector(), {}
    for stream in streams:
        selector.register(stream.socket, selectors.EVENT_READ, stream)
    while len(seen) < len(streams):
        for key, _ in selector.select(30):
            stream = key.data
            stream.buffer += stream.socket.recv(65536)
            if any([wanted(frame) for frame in stream.frames()]) and stream not in seen:
                seen[stream] = time.perf_counter()
    return sorted(seen.values())


def main():
    address, token, pid = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 500
    host, port = address.removeprefix("http://").split(":")

    def call(method, path, data=None):
        body = json.dumps({"data": data}).encode() if data else None
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(address + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["data"]

    workspace = call("GET", "/api/1.0/workspaces")[0]["gid"]
    team = call("GET", f"/api/1.0/users/me/teams?organization={workspace}")[0]["gid"]
    project = call("POST", "/api/1.0/projects", {"name": "Streams", "team": team, "workspace": workspace})["gid"]
    topic = f"project:{project}"
    # One token has a limit of connections.
    tokens = [call("POST", "/api/vinyasa/1/tokens", {"name": "bench"})["token"] for _ in range(-(-count // 50))]
    time.sleep(2)
    before = memory(pid)
    streams = [Stream(host, int(port), tokens[at % len(tokens)]) for at in range(count)]
    for stream in streams:
        stream.say({"type": "subscribe", "topic": topic, "snapshot": False})
        stream.say({"type": "subscribe", "topic": "user"})
        stream.say({"type": "subscribe", "topic": "nonsense"})
    wait_for(streams, lambda frame: frame["type"] == "error")
    time.sleep(2)
    idle = memory(pid)
    print(f"{count} idle streams: {(idle - before) / count:.1f} KiB each ({before} to {idle} KiB)")
    delays = []
    for number in range(20):
        name = f"Task {number}"
        began = time.perf_counter()
        task = call("POST", "/api/1.0/tasks", {"name": name, "projects": [project]})["gid"]
        answered = time.perf_counter()
        times = wait_for(streams, lambda frame: frame["type"] == "change" and frame["gid"] == task)
        delays.append((times[0] - answered, times[len(times) // 2] - answered, times[-1] - answered, answered - began))
    first, middle, last, write = (sorted(column)[len(column) // 2] * 1000 for column in zip(*delays))
    print(f"from the answer to a write ({write:.1f} ms) to its frame, medians of 20: first stream {first:.1f} ms, half {middle:.1f} ms, all {last:.1f} ms")
    after = memory(pid)
    print(f"after that: {(after - before) / count:.1f} KiB each")


main()
