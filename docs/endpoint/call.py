#!/usr/bin/env python3
"""Sends standard input to an API, with the token in a file as its x-api-key header.

Usage: call.py URL TOKEN_FILE <PROMPT

It prints the answer. Requests that the gateway has refused for now are sent again, with longer and
longer pauses. The file is read for each of them: after a rotation it has the new token.
"""

import random
import sys
import time
import urllib.error
import urllib.request

ATTEMPTS = 6


def call(url, file, body):
    """The answer of the API."""
    for attempt in range(ATTEMPTS):
        with open(file, encoding="ascii") as token:
            headers = {"x-api-key": token.read().strip()}
        request = urllib.request.Request(url, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            if attempt + 1 == ATTEMPTS or not for_now(error):
                raise
            pause = float(error.headers.get("retry-after", "1"))
            time.sleep(pause * 2**attempt * random.uniform(1, 1.5))


def for_now(error):
    """Whether the request was refused before it reached the application, and may soon be let in."""
    return error.code == 429 or (error.code == 503 and "retry-after" in error.headers)


try:
    sys.stdout.buffer.write(call(sys.argv[1], sys.argv[2], sys.stdin.buffer.read()))
except urllib.error.HTTPError as error:
    sys.exit(f"{error.code} {error.reason}: {error.headers.get('www-authenticate', '')}")
