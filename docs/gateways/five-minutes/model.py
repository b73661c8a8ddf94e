#!/usr/bin/env python3
"""Stands in for a model server without keys: model.py [PORT] answers /v1/chat/completions on localhost."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """One request."""

    def do_POST(self):
        """Repeats the last message, to the key that nginx names."""
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        name = self.headers.get("x-key-name", "nobody")
        text = f"Hello {name}, you said: {request['messages'][-1]['content']}"
        message = {"role": "assistant", "content": text}
        answer = {"object": "chat.completion", "choices": [{"index": 0, "message": message}]}
        body = json.dumps(answer).encode() + b"\n"
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
