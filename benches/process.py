#!/usr/bin/env python3
"""Endpoint that starts `keyctl verify` for each request: a peer of `keyctl serve` in serve.py.

The header goes to keyctl through a pipe, so no argument and no log holds a token. Only keyctl's exit
code 0 grants access. KEYCTL names the program, KEYCTL_DB the store. It prints its address.
"""

import json
import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERIFY = [os.environ.get("KEYCTL", "keyctl"), "verify", "--scope", "inference", "--format", "json"]
TIMEOUT = 30
BODY_MAX = 1 << 20

# Each verification is a process with a hash to compute: no more at once than there are cores.
turns = threading.BoundedSemaphore(os.cpu_count() or 1)


def verdict(presented, address):
    """The status for what was presented from an address, and the key's record if it is valid."""
    if not turns.acquire(timeout=TIMEOUT):
        return 503, None
    try:
        done = subprocess.run(
            VERIFY + ["--ip", address],
            input=presented,
            stdout=subprocess.PIPE,
            timeout=TIMEOUT,
            check=False,
        )
        answer = json.loads(done.stdout or b"{}")
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 503, None
    finally:
        turns.release()
    if not isinstance(answer, dict):
        return 503, None
    if done.returncode == 0 and answer.get("valid") is True and "id" in answer:
        return 200, answer
    return {1: 401, 6: 403}.get(done.returncode, 503), None


class Handler(BaseHTTPRequestHandler):
    """One request."""

    # Seconds that a client may be silent.
    timeout = 10

    def do_POST(self):
        """Answers a prompt."""
        body = self.body()
        if body is None:
            return self.answer(413, error="send at most 1 MiB, and its length")
        presented = self.headers.get_all("x-api-key", [])
        if len(presented) != 1:
            return self.answer(401, error="send one x-api-key header")
        status, key = verdict(presented[0].encode("latin-1"), self.client_address[0])
        if status == 200:
            return self.answer(200, key=key["id"], text=model(body))
        return self.answer(status, error=ERRORS[status])

    def body(self):
        """What was sent, if it is not too much."""
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or len(length) > 8 or int(length) > BODY_MAX:
            return None
        return self.rfile.read(int(length))

    def answer(self, status, **fields):
        """Answers with a JSON object."""
        body = json.dumps(fields).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ERRORS = {
    401: "not a valid key",
    403: "this key may not do inference, or not from your address",
    503: "cannot say whether the key is valid; try again later",
}


def model(prompt):
    """Stands for the model."""
    return f"{len(prompt)} bytes, how interesting"


def main():
    """Serves until it is stopped."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
