"""Where the program is run for a picture: a home with a store, a user, a clock and a terminal.

The program and the terminal are real. These are not, so that a picture shows nothing of the machine on
which it was drawn and comes out the same each time:

- the user is called alice, by libnss_wrapper, whatever the name of who draws;
- the clock stands still where the story says, by libfaketime;
- the home is a scratch directory, and is shown as /home/alice;
- key IDs are random, and are shown as the ones in SHOWN;
- of a token nothing is shown behind its key ID.
"""

import fcntl
import glob
import os
import pty
import re
import select
import shlex
import shutil
import struct
import subprocess
import termios
from pathlib import Path

USER = "alice"
HOME = f"/home/{USER}"

# Key IDs as a picture shows them, in the order in which the keys were made.
SHOWN = [
    "rcpdphdw3vkh", "3ex81xa90egv", "fsa4h6pm1mcg", "cx3jtpjywmz5", "7h2m9qxw4d1e", "ccmg4m4xx86a",
    "q1s5rf9zyycj", "ef80ym3d1129", "q5n0v8c2ktza", "9wjr4b6x1yes", "m3fd7g5pz2hk", "t8ka0s4v6qnb",
]

TOKEN = re.compile(r"\b(kc_[0-9a-hjkmnp-tv-z]{12}_)[0-9A-Za-z]{49}\b")

# How long the program may say nothing, in seconds, before it counts as hung.
PATIENCE = 60


class Missing(Exception):
    """What is needed to draw is not installed."""


class Stage:
    def __init__(self, keyctl, directory):
        root = Path(directory).resolve()
        self.home = root / "home"
        self.home.mkdir(mode=0o700)
        programs = root / "bin"
        programs.mkdir()
        # The shell itself is left alone: it would leave something of libfaketime's behind.
        preload = f"{library('libnss_wrapper.so')} {library('libfaketime.so.1')}"
        program = programs / "keyctl"
        program.write_text(f'#!/bin/sh\nLD_PRELOAD="{preload}" exec {shlex.quote(str(keyctl))} "$@"\n')
        program.chmod(0o700)
        users, groups = root / "passwd", root / "group"
        users.write_text(f"{USER}:x:{os.geteuid()}:{os.getegid()}::{HOME}:/bin/sh\n")
        groups.write_text(f"{USER}:x:{os.getegid()}:\n")
        self.token = None
        # Functions that the shell knows.
        self.functions = ""
        self.environment = {
            "HOME": str(self.home),
            "PATH": f"{programs}:{os.environ.get('PATH', os.defpath)}",
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "NSS_WRAPPER_PASSWD": str(users),
            "NSS_WRAPPER_GROUP": str(groups),
            # Files keep their times, and whoever waits a while goes on waiting no longer than that.
            "NO_FAKE_STAT": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def at(self, instant):
        """From now on it is this instant, in UTC."""
        self.environment["FAKETIME"] = instant.replace("T", " ")

    def run(self, line, columns, answers=()):
        """What a shell's `line` shows at a terminal of so many columns. Each of `answers` is typed
        once what comes before it has been asked. A command that fails is an error."""
        terminal, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        shell = subprocess.Popen(
            ["sh", "-c", self.functions + line], stdin=side, stdout=side, stderr=side, env=self.environment, cwd=self.home
        )
        os.close(side)
        try:
            shown = read(terminal, list(answers))
            code = shell.wait(PATIENCE)
        finally:
            shell.kill()
            shell.wait()
            os.close(terminal)
        text = shown.decode("utf-8")
        if code != 0:
            raise RuntimeError(f"{line!r} ended with {code} and showed\n{text}")
        found = TOKEN.search(text)
        self.token = found.group(0) if found else self.token
        return text

    def keep_token(self, name):
        """Writes the token that was shown last to a file at home."""
        (self.home / name).write_text(self.token)

    def for_all(self, text):
        """`text` as everybody may see it."""
        ids = subprocess.run(
            [shutil.which("keyctl", path=self.environment["PATH"]), "list", "--state=all", "--format=ids"],
            env=self.environment, capture_output=True, text=True, check=True,
        ).stdout.split()
        text = TOKEN.sub(r"\1…", text).replace(str(self.home), HOME)
        if len(ids) != len(SHOWN):
            raise ValueError(f"{len(ids)} keys were made, and SHOWN has {len(SHOWN)}")
        for real, shown in zip(ids, SHOWN):
            text = text.replace(real, shown)
        return text


def read(terminal, answers):
    """All that is written to a terminal until nobody has it open any more."""
    shown = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        if not ready:
            raise TimeoutError(f"it says no more after {shown!r}")
        try:
            more = os.read(terminal, 4096)
        except OSError:
            # So Linux says that the other end was closed.
            more = b""
        if not more:
            return shown
        shown += more
        if answers and shown.endswith(answers[0][0].encode()):
            os.write(terminal, answers.pop(0)[1].encode())


def library(name):
    """The path of a shared library, as Debian and others lay them out."""
    for pattern in ("/usr/lib*/", "/usr/lib*/*/", "/usr/lib*/*/faketime/", "/usr/lib*/faketime/"):
        found = sorted(glob.glob(pattern + name))
        if found:
            return found[0]
    raise Missing(f"{name} is not installed (Debian: libnss-wrapper, faketime)")
