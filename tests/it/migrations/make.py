#!/usr/bin/env python3
"""Makes N.sql: a store in which the keyctl of schema N has worked, and what that keyctl says of it.

    tests/it/migrations/make.py N PATH-OF-THAT-KEYCTL

Run it once, with a keyctl that is built from the last commit before schema N + 1, and commit N.sql. Its comments
hold what the tests compare: each token with the exit code and the verdict of that keyctl, each key as it lists it, and
the head of its log, all at 2026-11-22T00:00:00Z. Needs faketime, libnss-wrapper and the sqlite3 shell.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

END = "2026-11-22 00:00:00"

# When, who, the first schema whose keyctl knows it, the command. What begins with '=' names the token that is printed
# and '<' the one that is read. 'refused' must end with exit code 4, 'used' with any.
STEPS = [
    ("2026-09-01 08:00:00", "carol", 1, "=first create --scope inference --name first"),
    ("2026-09-01 08:10:00", "carol", 2, "policy set default-grace 7d"),
    ("2026-09-01 08:20:00", "carol", 2, "scope add pictures --implies inference --description drawings"),
    ("2026-09-01 08:30:00", "carol", 2, "member add search alice --role owner"),
    ("2026-09-01 08:31:00", "carol", 2, "member add search bob --role collaborator"),
    ("2026-09-01 08:40:00", "carol", 2, "admin add dora"),
    ("2026-09-02 09:00:00", "alice", 1, "=web create --scope project --name web --expires 300d --label team=search"),
    ("2026-09-02 09:10:00", "alice", 1, 'edit web --label note=say|"yes"|\\o/ -m noted'),
    ("2026-09-02 09:20:00", "bob", 1, "=old create --scope inference --name old --expires 1h"),
    ("2026-09-03 09:00:00", "carol", 1, "purge --older-than 1h --yes -m tidy"),
    ("2026-09-03 10:00:00", "alice", 1, "=ci-before create --scope inference --scope project --name ci --label a=b"),
    ("2026-09-03 11:00:00", "alice", 1, "=night-before create --scope inference --name night"),
    ("2026-09-04 09:00:00", "alice", 1, "=short create --scope inference --name short --expires 30d"),
    ("2026-09-05 09:00:00", "alice", 1, "=off create --scope inference --name off"),
    ("2026-09-05 10:00:00", "carol", 1, "disable off -m left"),
    ("2026-09-06 09:00:00", "alice", 1, "=back create --scope inference --name back"),
    ("2026-09-06 10:00:00", "alice", 1, "disable back"),
    ("2026-09-06 11:00:00", "alice", 1, "enable back"),
    ("2026-09-07 09:00:00", "alice", 1, "=gone create --scope project --name gone --label team=search"),
    ("2026-09-07 10:00:00", "alice", 1, "delete gone --yes -m leaked"),
    ("2026-09-08 09:00:00", "bob", 1, "=cafe create --scope inference --name cafe\u0301"),
    ("2026-09-09 09:00:00", "carol", 2, "=robot create --kind legacy --name robot --label team=ops"),
    ("2026-09-09 10:00:00", "carol", 2, "=arm create --kind legacy --name arm"),
    ("2026-09-09 11:00:00", "carol", 2, "disable arm"),
    ("2026-09-10 09:00:00", "bob", 2, "=drawer create --scope pictures --name drawer"),
    ("2026-09-11 09:00:00", "carol", 2, "policy set hash sha256"),
    ("2026-09-11 10:00:00", "bob", 2, "=fast create --scope inference --name fast"),
    ("2026-09-11 11:00:00", "carol", 2, "policy unset hash"),
    ("2026-09-12 09:00:00", "bob", 2, "refused create --scope inference --expires 3y"),
    ("2026-09-13 09:00:00", "bob", 5, "=office create --scope inference --name office --allow-from 192.0.2.0/24"),
    ("2026-10-01 09:00:00", "alice", 1, "=night rotate night --grace 1d"),
    ("2026-11-01 09:00:00", "alice", 1, "=ci rotate ci --grace 90d"),
    ("2026-11-20 09:00:00", "alice", 1, "<web used verify"),
    ("2026-11-20 09:10:00", "alice", 1, "<night-before used verify"),
    ("2026-11-20 09:20:00", "alice", 1, "<short used verify"),
    ("2026-11-20 09:30:00", "alice", 1, "<off used verify"),
]


class Machine:
    """A machine on which users of any name run keyctl at any time."""

    def __init__(self, keyctl, directory):
        self.keyctl = keyctl
        self.directory = directory
        self.store = directory / "keyctl.db"

    def run(self, when, user, arguments, token=""):
        passwd = self.directory / "passwd"
        passwd.write_text(f"{user}:x:{os.getuid()}:{os.getgid()}::{self.directory}:/bin/sh\n")
        return subprocess.run(
            ["faketime", "-f", when, self.keyctl, "--db", self.store, *arguments],
            input=token,
            capture_output=True,
            text=True,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(self.directory),
                "TZ": "UTC",
                "LD_PRELOAD": "libnss_wrapper.so",
                "NSS_WRAPPER_PASSWD": str(passwd),
                "NSS_WRAPPER_GROUP": "/etc/group",
            },
        )

    def sql(self, text):
        shell = ["sqlite3", self.store, text]
        return subprocess.run(shell, capture_output=True, text=True, check=True).stdout


def work(machine, schema):
    """Takes the steps, and returns the tokens by their names."""
    tokens = {}
    for when, user, since, line in STEPS:
        if since > schema:
            continue
        words = [word.replace("|", " ") for word in line.split()]
        name = words.pop(0) if words[0][0] in "=<" else None
        codes = {"refused": [4], "used": [0, 1]}.get(words[0], [0])
        if codes != [0]:
            words.pop(0)
        token = tokens[name[1:]] if name and name[0] == "<" else ""
        ran = machine.run(when, user, words, token)
        if ran.returncode not in codes:
            sys.exit(f"{line}: exit code {ran.returncode}\n{ran.stdout}{ran.stderr}")
        if name and name[0] == "=":
            tokens[name[1:]] = ran.stdout.strip()
    return tokens


def main():
    schema, keyctl = int(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    lines = []
    with tempfile.TemporaryDirectory() as directory:
        machine = Machine(keyctl, pathlib.Path(directory))
        tokens = work(machine, schema)
        for name, token in tokens.items():
            ran = machine.run(END, "alice", ["verify", "--no-touch", "--format", "json"], token)
            lines.append(f"-- token {token} {ran.returncode} {ran.stdout.strip()}")
        listed = machine.run(END, "alice", ["list", "--state", "all", "--format", "jsonl"])
        lines += [f"-- key {line}" for line in listed.stdout.splitlines()]
        assert len(json.loads(listed.stdout.splitlines()[0])) > 15, listed.stderr
        lines.append(f"-- head {machine.sql('SELECT seq, lower(hex(hash)) FROM event_head').strip().replace('|', ':')}")
        assert machine.sql("PRAGMA user_version").strip() == str(schema)
        lines.append(f"PRAGMA application_id = {machine.sql('PRAGMA application_id').strip()};")
        lines.append(f"PRAGMA user_version = {schema};")
        lines.append(machine.sql(".dump").strip())
    path = pathlib.Path(__file__).with_name(f"{schema}.sql")
    path.write_text("\n".join(lines) + "\n")
    print(f"{path}: {len(tokens)} tokens")


main()
