#!/usr/bin/env python3
"""Times keyctl and the tools that it competes with, and prints a Markdown table of ratios.

    benches/compare.py                  # stores of up to a million keys, about half an hour
    benches/compare.py --quick          # small stores, few runs: a test of this script, no figures
    benches/compare.py --big            # verify among ten million keys too: 4 GB and 5 minutes more
    benches/compare.py --only verify    # only groups with this text in their name

BENCHMARKS.md explains each row. Method:

- Hyperfine starts whole processes, without a shell. A command that reads a file on standard input
  needs a shell; hyperfine subtracts the shell's time.
- Each round times every command of a group, in random order. A ratio is the median of the ratios of
  all rounds: a slow phase of the machine slows both sides.
- "CPU" is user and system time of the process: in each round the mean of several runs, since
  hyperfine reports no median of it. "wall" is elapsed time, compared only for several threads.
- Commands that change their store for good or run for long (list of a million keys, purge) are
  started by this script, and waited for with wait4(2).
- Every command runs once before it is timed. Its exit code is checked each time, so that a quick
  failure does not count as speed.
- `cargo bench --bench synthetic` makes the stores, in a directory under $TMPDIR that is removed in
  the end. The rows of a peer that is not installed are left out, and it is named.

Needs hyperfine, and python3 with its standard library.
"""

import argparse
import hashlib
import json
import os
import platform
import random
import re
import shlex
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
POLICY = (7168, 5)  # memory in KiB and iterations: keyctl's default
PEPPER = {"SAFE_API_KEYS_PEPPER": "0123456789abcdef0123456789abcdef"}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Command:
    """Command line with its standard input, expected exit code, and output."""

    def __init__(self, *argv, stdin=None, code=0, output="null", cpus=None):
        self.argv = [str(part) for part in argv]
        self.stdin, self.code, self.output = stdin, code, output
        if cpus is not None:
            self.argv = ["taskset", "-c", cpus, *self.argv]

    def run(self):
        """Runs it once; returns CPU and wall seconds, peak memory in KiB, first output and lines."""
        with tempfile.TemporaryFile() as said, open(self.stdin or os.devnull, "rb") as stdin:
            start = time.perf_counter()
            process = subprocess.Popen(self.argv, stdin=stdin, stdout=subprocess.PIPE, stderr=said)
            out, memory = Output(), 0
            while chunk := os.read(process.stdout.fileno(), 1 << 16):
                out.take(chunk)
                if out.chunks % 16 == 1:
                    memory = max(memory, peak_memory(process.pid))
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.stdout.close()
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != self.code:
                said.seek(0)
                text = said.read(2000).decode(errors="replace")
                raise SystemExit(f"{shlex.join(self.argv)}: exit {process.returncode}: {text}")
        cpu = used.ru_utime + used.ru_stime
        return {"cpu": cpu, "wall": wall, "memory": memory, "head": out.head, "lines": out.lines}


class Output:
    """First chunk of a command's output, and the number of its chunks and lines."""

    def __init__(self):
        self.chunks, self.lines, self.head = 0, 0, b""

    def take(self, chunk):
        self.chunks += 1
        self.lines += chunk.count(b"\n")
        self.head = self.head or chunk


def peak_memory(pid):
    """Returns the peak memory of a process in KiB, from /proc. The figure of wait4(2) would include
    this script's memory, which the process shares between fork and exec."""
    found = re.search(r"VmHWM:\s*(\d+)", read(f"/proc/{pid}/status"))
    return int(found.group(1)) if found else 0


def hyperfine(command, runs):
    """Times a command; returns the mean of CPU seconds and the median of wall seconds."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        line, shell = shlex.join(command.argv), "none"
        if command.stdin:
            line, shell = f"exec {line} < {shlex.quote(str(command.stdin))}", "sh"
        argv = ["hyperfine", f"--shell={shell}", "--style=none", "-i", f"--runs={runs}"]
        argv += [f"--output={command.output}", f"--export-json={report.name}", line]
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        result = json.load(report)["results"][0]
    wrong = [code for code in result.get("exit_codes", []) if code != command.code]
    if wrong:
        raise SystemExit(f"{shlex.join(command.argv)}: exit {wrong[0]} while it was timed")
    return {"cpu": result["user"] + result["system"], "wall": result["median"]}


def in_rounds(commands, rounds, runs):
    """Times commands in rounds; returns the measurements of each command, one for each round."""
    for command in commands.values():
        command.run()
    timed = {name: [] for name in commands}
    names = list(commands)
    shuffled = random.Random(1)
    for _ in range(rounds):
        shuffled.shuffle(names)
        for name in names:
            command = commands[name]
            timed[name].append(hyperfine(command, runs) if runs else command.run())
    return timed


def median(values):
    return statistics.median(values)


class Times:
    """Measurements of commands in the same rounds, and figures from them."""

    def __init__(self, timed):
        self.timed = timed

    def each(self, kind, formula):
        """Returns the formula's value for every round. Its argument is a function from a command's
        name to seconds."""
        rounds = len(next(iter(self.timed.values())))
        return [formula(lambda name: self.timed[name][i][kind]) for i in range(rounds)]

    def figure(self, formula, kind="cpu"):
        return median(self.each(kind, formula))

    def of(self, name, kind="cpu"):
        return self.figure(as_formula(name), kind)


def as_formula(value):
    """Returns a formula as it is, and for a command's name the formula of its time."""
    return value if callable(value) else lambda t: t(value)


def plain_hash(t):
    """Formula of one hash by the crate's plain call: the process minus one with the cheapest hash."""
    return t("hash") - t("least")


def judged(value, goal, shown, least):
    """Returns the goal as text, and whether it is met."""
    if goal is None:
        return "", ""
    met = value >= goal if least else value <= goal
    return f"{'≥' if least else '≤'} {shown}", "yes" if met else "**no**"


class Table:
    """Rows that are printed in the end."""

    def __init__(self):
        self.rows, self.skipped, self.growth = [], [], {}

    def pair(self, times, what, ours, theirs, goal=None, kind="cpu", least=False):
        """Adds a row with a ratio. `ours` and `theirs` are commands' names or formulas; `goal` is the
        maximum of the ratio, or with `least` the minimum."""
        ours, theirs = as_formula(ours), as_formula(theirs)
        ratio = times.figure(lambda t: ours(t) / theirs(t), kind)
        shown = [ms(times.figure(side, kind)) for side in (ours, theirs)]
        self.ratio(what, *shown, ratio, goal, least)

    def ratio(self, what, ours, theirs, ratio, goal, least=False):
        """Adds a row with a ratio. `goal` is as for `pair`."""
        limit, met = judged(ratio, goal, f"{goal:.2f}" if goal else "", least)
        self.add(what, ours, theirs, f"{ratio:.2f}", limit, met)

    def limited(self, what, value, unit, goal, least=False):
        """Adds a row with one value. `goal` is its maximum, or with `least` its minimum."""
        form = ",.0f" if value > 1000 else ".2f"
        limit, met = judged(value, goal, f"{goal:,}{unit}", least)
        self.add(what, f"{value:{form}}{unit}", "", "", limit, met)

    def plain(self, what, shown):
        """Adds a row with one value and no goal."""
        self.add(what, shown, "", "", "", "")

    def add(self, *row):
        self.rows.append(row)
        say("  " + " | ".join(part for part in row if part))

    def skip(self, what, why):
        self.skipped.append(f"{what}: {why}")
        say(f"  skipped: {what}: {why}")

    def grows(self, what, size, shown):
        self.growth.setdefault(what, {})[size] = shown


def ms(seconds):
    return f"{seconds * 1000:.2f} ms" if seconds < 1 else f"{seconds:.2f} s"


class Bench:
    """Stores and programs of one run."""

    def __init__(self, args, directory):
        self.args, self.directory = args, directory
        self.table = Table()
        self.rounds, self.runs = (3, 5) if args.quick else (args.rounds, 10)
        self.few = 1 if args.quick else 3
        if args.quick:
            self.sizes = [10, 1_000, 10_000]
        else:
            self.sizes = [10, 100_000, 1_000_000]
        # Ten million keys for verify only: their list takes minutes.
        self.looked_up = self.sizes + ([10_000_000] if args.big else [])
        self.million = 10_000 if args.quick else 1_000_000
        self.keyctl, self.plain, self.synthetic = build(args)
        self.stores = {}
        self.cores = sorted(os.sched_getaffinity(0))

    def path(self, name):
        return self.directory / name

    def store(self, name, keys, *more, tokens=1):
        """Returns the store `name` and a file with some of its tokens; the first call makes both."""
        if name not in self.stores:
            say(f"  a store of {keys:,} keys: {name}")
            db, file = self.path(f"{name}.db"), self.path(f"{name}.tokens")
            argv = ["--keys", keys, "--tokens", tokens, "--tokens-to", file, *more, db]
            quiet([self.synthetic, *(str(part) for part in argv)])
            self.stores[name] = (db, file)
        return self.stores[name]

    def sized(self, keys):
        """Returns a store with `keys` keys hashed by SHA-256, and a file with one token."""
        return self.store(f"sha256-{keys}", keys)

    def argon2(self, cheap=False):
        """Returns a store with ten keys hashed by Argon2id, at the default or the lowest cost."""
        cost = ["--memory", 8, "--iterations", 1] if cheap else []
        return self.store("cheap" if cheap else "default", 10, "--argon2", 10, *cost)

    def ours(self, db, *argv, **more):
        return Command(self.keyctl, "--db", db, *argv, **more)

    def verify(self, store, *argv, **more):
        db, token = store
        return self.ours(db, "verify", "--no-touch", "--key-file", token, *argv, **more)

    def hashes(self, count, *argv, cost=POLICY, **more):
        memory, passes = cost
        return Command(
            self.plain, "--memory", memory, "--iterations", passes, "--count", count, *argv, **more
        )

    def measure(self, commands, rounds=None, runs=None):
        runs = self.runs if runs is None else runs
        return Times(in_rounds(commands, rounds or self.rounds, runs))

    def peer(self, program, what):
        """Tells whether `program` is installed; if not, lists `what` as left out."""
        if shutil.which(program):
            return True
        self.table.skip(what, f"no {program} here")
        return False

    # Groups: each adds rows to the table.

    def group_verify_argon2(self):
        """Verify with one Argon2id hash at the default policy, one process each."""
        default, cheap = self.argon2(), self.argon2(cheap=True)
        token = default[1].read_text().strip()
        secret = self.path("secret")
        secret.write_text(token.rsplit("_", 1)[1][:43])
        commands = {
            "verify": self.verify(default),
            "cheap": self.verify(cheap),
            "hash": self.hashes(1),
            "least": self.hashes(1, cost=(8, 1)),
        }
        if self.peer("argon2", "verify beside argon2"):
            memory, passes = POLICY
            cost = ["-id", "-k", memory, "-t", passes, "-p", 1, "-l", 32]
            commands["argon2"] = Command("argon2", "0123456789abcdef", *cost, "-r", stdin=secret)
        if self.peer("htpasswd", "verify beside htpasswd"):
            file = self.path("htpasswd")
            quiet(["htpasswd", "-cbB", "-C", "10", str(file), "user", secret.read_text()])
            commands["htpasswd"] = Command("htpasswd", "-vb", file, "user", secret.read_text())
        if program := self.safe_api_keys("verify beside safe-api-keys"):
            issued = self.path("safe-api-keys.token")
            issued.write_bytes(self.sak_issue(program, "one.db").run()["head"])
            flags = ["verify", "--prefix", "kc"]
            commands["safe-api-keys"] = self.sak(program, "one.db", *flags, stdin=issued)
        if self.peer("sqlite3", "verify beside sqlite3"):
            commands["sqlite3"] = self.sqlite3(cheap[0], one_key(*cheap))
        times = self.measure(commands)

        def beside(name, what, goal=None):
            if callable(name) or name in commands:
                self.table.pair(times, f"verify, argon2id / {what}", "verify", name, goal)

        def own(t):
            return t("verify") - t("cheap")

        def plainly(t):
            return t("cheap") + plain_hash(t)

        beside("argon2", "Debian's `argon2 -r` hashing once", 0.55)
        beside(plainly, "the same with the crate's plain call", 0.80)
        self.table.limited("verify, all but its hash", times.of("cheap") * 1000, " ms", 2.5)
        if "sqlite3" in commands:
            what = "verify, all but its hash / `sqlite3 -readonly`, the same select"
            self.table.pair(times, what, "cheap", "sqlite3")
        self.table.pair(times, "verify, its one hash / the crate's plain call", own, plain_hash)
        beside("htpasswd", "`htpasswd -vb`, bcrypt of cost 10")
        beside("safe-api-keys", "`safe-api-keys verify` (HMAC, no slow hash)")

    def group_verify_sha256(self):
        """Verify with SHA-256, one process each: against sqlite3, and by the size of the store."""
        large = self.million
        db, file = self.sized(large)
        wrong = self.path("malformed")
        wrong.write_text("not-a-token\n")
        commands = {
            "malformed": self.ours(db, "verify", "--key-file", wrong, code=1),
            "version": Command(self.keyctl, "--version"),
        }
        for size in self.looked_up:
            commands[size] = self.verify(self.sized(size))
        if self.peer("sqlite3", "verify beside sqlite3"):
            commands["sqlite3"] = self.sqlite3(db, one_key(db, file))
        # More rounds: the runs are short, and the ratios differ by a few hundredths.
        times = self.measure(commands, rounds=2 * self.rounds, runs=self.runs // 2)
        table = self.table
        if "sqlite3" in commands:
            what = "verify, sha256 / `sqlite3 -readonly`, the same select"
            table.pair(times, what, large, "sqlite3", 1.0)
        what = "verify, malformed token / `keyctl --version`"
        table.pair(times, what, "malformed", "version", 1.2)
        least = self.sizes[0]
        for size in self.looked_up:
            table.grows("verify, sha256", size, ms(times.of(size)))
            if size != least:
                what = f"verify, sha256: {size:,} keys / {least} keys"
                table.pair(times, what, size, least, 1.1)

    def group_batch(self):
        """Verify of many tokens in one process."""
        help_text = self.ours(self.path("none"), "verify", "--help").run()["head"]
        if b"--batch" not in help_text:
            self.table.skip("verify --batch", "this keyctl has none")
            return
        many = 40 if self.args.quick else 100
        db, few = self.store("batch", 100, "--argon2", 100, tokens=many)
        twice = self.path("batch-twice.tokens")
        twice.write_bytes(few.read_bytes() * 2)

        def batch(db, tokens, cores):
            cpus = ",".join(str(core) for core in self.cores[:cores])
            flags = ["verify", "--batch", "--no-touch", "--key-file", tokens]
            return self.ours(db, *flags, cpus=cpus, output="pipe")

        commands = {
            "one": batch(db, few, 1),
            "twice": batch(db, twice, 1),
            "hash": self.hashes(1),
            "least": self.hashes(1, cost=(8, 1)),
        }
        two = len(self.cores) >= 2
        if two:
            commands["two"] = batch(db, few, 2)
        times = self.measure(commands, runs=self.few)
        if two:
            what = f"verify --batch, {many} argon2id tokens, wall: one core / two cores"
            self.table.pair(times, what, "one", "two", 1.8, kind="wall", least=True)
        else:
            self.table.skip("verify --batch on two cores", "one core here")

        def own(t):
            return (t("twice") - t("one")) / many

        what = "verify --batch, CPU a hash / the crate's plain call"
        self.table.pair(times, what, own, plain_hash, 0.70)
        for size in self.sizes[1:]:
            self.batch_rate(size, batch, 2 if two else 1)

    def batch_rate(self, size, batch, cores):
        """Tokens a second of a whole run, with the start of the process."""
        count = 20_000 if self.args.quick else 400_000
        db, tokens = self.store(f"rate-{size}", size, tokens=count)
        commands = {"rate": batch(db, tokens, cores)}
        times = self.measure(commands, runs=self.few)
        rate = count / times.of("rate", "wall")
        what = f"verify --batch, sha256 tokens a second, {cores} cores, {size:,} keys"
        goal = 200_000 if size < 1_000_000 else 150_000
        self.table.limited(what, rate, "", goal, least=True)
        self.table.grows("verify --batch, sha256 tokens a second", size, f"{rate:,.0f}")

    def group_list(self):
        """Lists of a large store."""
        size = self.million
        db, _ = self.sized(size)
        flags = ["--state", "all", "--format", "jsonl"]
        commands = {"list": self.ours(db, "list", *flags, output="pipe")}
        peer = self.peer("sqlite3", "list beside sqlite3")
        if peer:
            select = f"SELECT {columns(db)} FROM keys ORDER BY created_at, seq"
            commands["sqlite3"] = self.sqlite3(db, select, "-json", output="pipe")
        times = self.measure(commands, rounds=self.few, runs=0)
        table = self.table
        if peer:
            what = f"list of {size:,} keys as JSON lines / `sqlite3 -json`, the same columns"
            table.pair(times, what, "list", "sqlite3", 0.5)
        largest = max(times.each("memory", lambda t: t("list"))) / 1024
        table.limited(f"list of {size:,} keys, largest memory", largest, " MiB", 32)
        self.list_filters(db, size, peer)
        self.list_growth()

    def list_filters(self, db, size, peer):
        """Filters, each beside the shell's own select of the same rows and columns."""
        now = int(time.time() * 1000)
        week = now + 7 * 86_400_000
        live = "deleted_at IS NULL"
        usable = (
            f"{live} AND disabled_at IS NULL AND (expires_at IS NULL OR expires_at > {now}) "
            f"AND (usable_until IS NULL OR usable_until > {now} AND grace_from < usable_until)"
        )
        owner = query(db, "SELECT owner FROM keys WHERE seq = 5")
        filters = {
            "--owner": (["--owner", owner], f"owner = '{owner}' AND {live}"),
            "--scope (1%)": (
                ["--scope", "audit"],
                f"seq IN (SELECT key FROM key_scopes WHERE scope = 'audit') AND {live}",
            ),
            "--state disabled (4%)": (
                ["--state", "disabled"],
                f"{live} AND usable_until IS NULL AND disabled_at IS NOT NULL "
                f"AND (expires_at IS NULL OR expires_at > {now})",
            ),
            "--expiring-within 7d": (
                ["--expiring-within", "7d"],
                f"{usable} AND (expires_at <= {week} OR usable_until <= {week})",
            ),
            "--limit 100": (["--limit", "100"], f"{live}"),
        }
        commands = {}
        for name, (flags, condition) in filters.items():
            commands[name] = self.ours(db, "list", "--format", "jsonl", *flags, output="pipe")
            select = f"SELECT {columns(db)} FROM keys WHERE {condition} ORDER BY created_at, seq"
            select += " LIMIT 100" if name == "--limit 100" else ""
            if peer:
                commands["sqlite3 " + name] = self.sqlite3(db, select, "-json", output="pipe")
                lines = [commands[each].run()["lines"] for each in (name, "sqlite3 " + name)]
                # The time goes on meanwhile: a key or two begin to be due.
                if abs(lines[0] - lines[1]) > lines[0] // 1000:
                    raise SystemExit(f"list {name} and the select print {lines} keys")
        times = self.measure(commands, rounds=self.few, runs=self.few)
        for name in filters:
            what = f"list {name} of {size:,} keys"
            if peer:
                self.table.pair(times, f"{what} / the same select", name, "sqlite3 " + name)
            else:
                self.table.plain(what, ms(times.of(name)))

    def list_growth(self):
        """Time of lists by the size of the store, and against safe-api-keys."""
        for size in self.sizes:
            db, _ = self.sized(size)
            owner = query(db, "SELECT owner FROM keys WHERE seq = 5")
            lists = {
                "list --format jsonl": [],
                "list --owner": ["--owner", owner],
                "list --limit 100": ["--limit", "100"],
            }
            commands = {
                name: self.ours(db, "list", "--format", "jsonl", *flags, output="pipe")
                for name, flags in lists.items()
            }
            times = self.measure(commands, rounds=3, runs=0)
            for name in lists:
                self.table.grows(name, size, ms(times.of(name)))
            self.table.grows("size of the file", size, f"{db.stat().st_size / 1e6:,.1f} MB")
        if sak := self.safe_api_keys("list beside safe-api-keys"):
            count = 50 if self.args.quick else 1000
            say(f"  {count} keys by safe-api-keys")
            self.sak_fill(sak, "list.db", count)
            db, _ = self.store(f"peer-{count}", count)
            commands = {
                "ours": self.ours(db, "list", "--format", "json", output="pipe"),
                "theirs": self.sak(sak, "list.db", "list", "--json", output="pipe"),
            }
            times = self.measure(commands, runs=self.few)
            what = f"list of {count:,} keys / `safe-api-keys list --json`"
            self.table.pair(times, what, "ours", "theirs")

    def group_change(self):
        """Create, rotate and purge."""
        table = self.table
        default, cheap = self.copy(self.argon2()[0]), self.copy(self.argon2(cheap=True)[0])
        made = self.ours(default, "create", "--scope", "inference", "--name", "turn", output="pipe")
        made.run()
        commands = {
            "create": self.ours(default, "create", "--scope", "inference", output="pipe"),
            "rotate": self.ours(default, "rotate", "turn", output="pipe"),
            "cheap": self.ours(cheap, "create", "--scope", "inference", output="pipe"),
        }
        sak = self.safe_api_keys("create beside safe-api-keys")
        if sak:
            commands["issue"] = self.sak_issue(sak, "issue.db")
        times = self.measure(commands, runs=self.few)
        if sak:
            what = "create, argon2id / `safe-api-keys issue` (HMAC)"
            table.pair(times, what, "create", "issue")
        for name in ("create", "rotate"):
            shown = f"{ms(times.of(name))}, wall {ms(times.of(name, 'wall'))}"
            table.plain(f"{name}, argon2id", shown)
        shown = f"{ms(times.of('cheap'))}, wall {ms(times.of('cheap', 'wall'))}"
        table.plain("create, all but its hash", shown)
        self.change_many()
        self.change_growth()
        self.change_purge()

    def change_many(self):
        """Create of many keys in one process, against hashing alone."""
        count, cores = (50 if self.args.quick else 1000), min(2, len(self.cores))
        cpus = ",".join(str(core) for core in self.cores[:cores])
        template = self.argon2()[0]
        lines = self.path("services.jsonl")
        lines.write_text("".join(f'{{"name":"service-{n}"}}\n' for n in range(count)))
        timed = {"create": [], "from": [], "hash": [], "reused": []}
        least = self.hashes(count, "--threads", cores, "--reuse", cpus=cpus)
        plain = self.hashes(count, "--threads", cores, cpus=cpus)
        for _ in range(3):
            db = self.copy(template)
            flags = ["--scope", "inference", "--count", count, "--name", "many"]
            timed["create"].append(self.ours(db, "create", *flags, cpus=cpus).run())
            db = self.copy(template)
            secrets = db.parent / "secrets"
            flags = ["--scope", "inference", "--from", lines, "--secret-dir", secrets]
            timed["from"].append(self.ours(db, "create", *flags, cpus=cpus).run())
            if (made := len(list(secrets.iterdir()))) != count:
                raise SystemExit(f"create --from made {made} files for {count} keys")
            timed["hash"].append(plain.run())
            timed["reused"].append(least.run())
        times = Times(timed)
        shown = {"create": f"create --count {count}", "from": f"create --from of {count} keys"}
        for ours, command in shown.items():
            for name, what in (("hash", "in fresh memory"), ("reused", "its blocks reused")):
                text = f"{command}, wall / {count} hashes by the crate on {cores} cores"
                self.table.pair(times, f"{text}, {what}", ours, name, 1.2, kind="wall")

    def change_growth(self):
        """Create and rotate by the size of the store. The new keys stay in it."""
        for size in self.sizes:
            db, _ = self.sized(size)
            name = f"turn-{time.time_ns()}"
            self.ours(db, "create", "--scope", "inference", "--name", name).run()
            commands = {
                "create, sha256": self.ours(db, "create", "--scope", "inference", output="pipe"),
                "rotate, sha256": self.ours(db, "rotate", name, output="pipe"),
            }
            times = self.measure(commands, rounds=3, runs=self.few)
            for what in commands:
                self.table.grows(what, size, ms(times.of(what)))

    def change_purge(self):
        """Purge of a store in which all keys but those of kind legacy have expired."""
        size = 1_000 if self.args.quick else 101_000
        template = self.copy(self.store(f"dying-{size}", size)[0])
        with sqlite3.connect(template) as connection:
            connection.execute("UPDATE keys SET expires_at = created_at + 1000 WHERE kind = 'api'")
            connection.execute("UPDATE keys SET usable_until = grace_from WHERE kind = 'api'")
        connection.close()
        count = query(template, "SELECT count(*) FROM keys WHERE kind = 'api'")
        timed = {"purge": []}
        for _ in range(3):
            db = self.copy(template)
            timed["purge"].append(self.ours(db, "purge", "--yes").run())
            left = query(db, "SELECT count(*) FROM keys")
            if left != size - count:
                raise SystemExit(f"purge left {left} keys of {size}, {count} of them dead")
        times = Times(timed)
        shown = f"{ms(times.of('purge'))}, wall {ms(times.of('purge', 'wall'))}"
        self.table.plain(f"purge of {count:,} keys", shown)

    def group_import(self):
        """Import of many digests into a store with few keys."""
        count = 1_000 if self.args.quick else 100_000
        lines = self.path("digests.jsonl")
        with open(lines, "w", encoding="ascii") as file:
            for n in range(count):
                digest = hashlib.sha256(f"sk-synthetic-token-{n}".encode()).hexdigest()
                owner = f"team-{n // 100}"
                key = {"name": f"service-{n}", "owner": owner, "scopes": ["inference"]}
                file.write(json.dumps({**key, "sha256": digest}) + "\n")
        template, before = self.sized(10)[0], 10
        timed = {"import": []}
        for _ in range(3):
            db = self.copy(template)
            timed["import"].append(self.ours(db, "import", lines).run())
            made = query(db, "SELECT count(*) FROM keys") - before
            if made != count:
                raise SystemExit(f"import made {made} keys of {count}")
        times = Times(timed)
        what = f"import of {count:,} digests"
        self.table.plain(f"{what}, CPU", ms(times.of("import")))
        self.table.limited(f"{what}, wall", times.of("import", "wall"), " s", 5.0)

    # Peers

    def sqlite3(self, db, select, *flags, output="null"):
        return Command("sqlite3", "-readonly", *flags, db, select, output=output)

    def safe_api_keys(self, what):
        """Returns the program safe-api-keys: the one given by option, or a new installation."""
        if self.args.safe_api_keys is None:
            self.args.safe_api_keys = install(self.path("venv"))
        if not self.args.safe_api_keys:
            self.table.skip(what, "safe-api-keys could not be installed (python3 -m venv, pip)")
        return self.args.safe_api_keys

    def sak(self, program, db, *argv, **more):
        store = ["--store", f"sqlite:///{self.path(db)}"]
        return Command(program, *argv[:1], *store, *argv[1:], **more)

    def sak_issue(self, program, db):
        argv = ["issue", "--prefix", "kc", "--owner", "alice", "--scopes", "inference"]
        return self.sak(program, db, *argv, output="pipe")

    def sak_fill(self, program, db, count):
        """Issues `count` keys with safe-api-keys, in one process."""
        argv = self.sak_issue(program, db).argv[1:]
        script = f"from safe_api_keys.cli import main\nfor _ in range({count}): main({argv!r})"
        quiet([str(Path(program).parent / "python"), "-c", script])

    def copy(self, db):
        """Returns a copy of a store, to be changed."""
        copy = Path(tempfile.mkdtemp(dir=self.directory)) / "keyctl.db"
        with sqlite3.connect(db) as connection:
            connection.execute("VACUUM INTO ?", [str(copy)])
        connection.close()
        with sqlite3.connect(copy) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
        copy.chmod(0o600)
        return copy


def quiet(argv):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def query(db, sql):
    """One value, read as the peer reads: without changing anything."""
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchone()[0]
    finally:
        connection.close()


def columns(db, *more):
    """What keyctl reads of a key, whatever the schema's version: all but its row and its hash."""
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        names = [row[1] for row in connection.execute("PRAGMA table_info(keys)")]
    finally:
        connection.close()
    names = [name for name in names if name not in ("seq", "hash")]
    names += list(more)
    return ", ".join(names)


def one_key(db, token):
    """Returns the select of the key of a token."""
    key_id = token.read_text().split("_")[-2]
    return f"SELECT {columns(db, 'hash')} FROM keys WHERE id = '{key_id}'"


def install(where):
    say("  safe-api-keys: pip install")
    try:
        quiet([sys.executable, "-m", "venv", str(where)])
        quiet([str(where / "bin/pip"), "install", "--quiet", "safe-api-keys"])
    except (OSError, subprocess.CalledProcessError):
        return ""
    return str(where / "bin/safe-api-keys")


def build(args):
    """Builds keyctl with the release profile, and the programs `plain` and `synthetic`."""
    say("cargo build --release, cargo bench --no-run")
    names = ["--bench", "plain", "--bench", "synthetic"]
    built = subprocess.run(
        ["cargo", "bench", "--locked", "--no-run", "--message-format=json", *names],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    found = {}
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and "bench" in message["target"]["kind"]:
            found[message["target"]["name"]] = message["executable"]
    # Last: `cargo bench` has built it with its own profile.
    built = subprocess.run(
        ["cargo", "build", "--release", "--locked", "--message-format=json"],
        cwd=ROOT, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and "bin" in message["target"]["kind"]:
            found["keyctl"] = message["executable"]
    return args.keyctl or found["keyctl"], found["plain"], found["synthetic"]


def first_line(*argv):
    try:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except OSError:
        return None
    return next((line.strip() for line in done.stdout.splitlines() if line.strip()), None)


def read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"


def machine(bench, peers):
    """Returns the facts about the machine and the programs: pairs of name and value."""
    model = re.search(r"model name\s*: (.*)", read("/proc/cpuinfo"))
    memory = re.search(r"MemTotal:\s*(\d+)", read("/proc/meminfo"))
    system = re.search(r'PRETTY_NAME="(.*)"', read("/etc/os-release"))
    model = model.group(1) if model else platform.machine()
    memory = f"{int(memory.group(1)) / (1 << 20):.0f} GiB" if memory else "unknown"
    system = system.group(1) if system else platform.system()
    return [
        ("CPU", f"{model}, {len(bench.cores)} cores"),
        ("memory", memory),
        ("system", f"{system}, kernel {platform.release()}"),
        ("huge pages", read("/sys/kernel/mm/transparent_hugepage/enabled")),
        ("load at the start", " ".join(f"{load:.2f}" for load in bench.load)),
        ("keyctl", f"{first_line(bench.keyctl, '--version')}, {first_line('rustc', '--version')}"),
        ("peers", "; ".join(peers)),
    ]


def peers(bench):
    found = []
    for package in ("argon2", "apache2-utils", "sqlite3"):
        version = first_line("dpkg-query", "-W", "-f", "${Version}", package)
        if version and "no packages" not in version:
            found.append(f"{package} {version}")
    lock = read(ROOT / "Cargo.lock")
    crate = re.search(r'name = "argon2"\nversion = "(.*)"', lock)
    if crate:
        found.append(f"the argon2 crate {crate.group(1)}")
    if bench.args.safe_api_keys:
        python = Path(bench.args.safe_api_keys).parent / "python"
        script = "from importlib.metadata import version; print(version('safe-api-keys'))"
        found.append(f"safe-api-keys {first_line(python, '-c', script)}")
    found.append(str(first_line("hyperfine", "--version")))
    return found


def print_rows(table):
    print(f"| {' | '.join(['what', 'ours', 'theirs', 'ratio', 'goal', 'met'])} |")
    print("|---|---:|---:|---:|---:|---|")
    for row in table.rows:
        print(f"| {' | '.join(row)} |")


def show(bench):
    """Prints tables, machine and what was left out."""
    print_rows(bench.table)
    growth = bench.table.growth
    if growth:
        sizes = sorted({size for row in growth.values() for size in row})
        print(f"\n| keys | {' | '.join(f'{size:,}' for size in sizes)} |")
        print(f"|---|{'---:|' * len(sizes)}")
        for what, row in growth.items():
            print(f"| {what} | {' | '.join(row.get(size, '') for size in sizes)} |")
    print()
    for name, value in machine(bench, peers(bench)):
        print(f"- {name}: {value}")
    for line in bench.table.skipped:
        print(f"- left out: {line}")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="small stores, few runs")
    size.add_argument("--big", action="store_true", help="verify in a store of ten million keys too")
    parser.add_argument("--rounds", type=int, default=20, help="number of rounds (20)")
    parser.add_argument("--only", default="", help="only groups with this text in their name")
    parser.add_argument("--keyctl", help="the executable to measure, instead of the one built here")
    parser.add_argument("--safe-api-keys", help="that executable, instead of installing it")
    return parser.parse_args()


def main():
    args = arguments()
    if not shutil.which("hyperfine"):
        raise SystemExit("compare.py: needs hyperfine")
    os.environ.pop("KEYCTL_DB", None)
    os.environ.update(PEPPER)
    with tempfile.TemporaryDirectory(prefix="keyctl-compare-") as directory:
        load = os.getloadavg()
        bench = Bench(args, Path(directory))
        bench.load = load
        groups = [name for name in vars(Bench) if name.startswith("group_") and args.only in name]
        for name in groups:
            say(name.removeprefix("group_").replace("_", " "))
            getattr(bench, name)()
        show(bench)


if __name__ == "__main__":
    main()
