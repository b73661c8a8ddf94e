#!/usr/bin/env python3
"""Measures `keyctl serve` beside nginx and others, and prints a Markdown table of ratios.

    benches/serve.py                  # about ten minutes
    benches/serve.py --quick          # a test of this script, no figures
    benches/serve.py --only flood     # only groups with this text in their name

BENCHMARKS.md explains each row. Method:

- wrk asks, from the same machine. Each round measures both sides of a ratio, in random order; a
  ratio is the median of the ratios of all rounds: a slow phase of the machine slows both sides.
- "CPU" is the user and system time of all processes of a side, from /proc, by the number of
  requests: what wrk takes, and what else runs on the machine, is not in it.
- Where tokens are valid, every answer must be 200, so that a quick failure does not count as speed.
- Each server runs in a directory under $TMPDIR that is removed in the end, and is ended by its
  process ID.

Needs nginx, wrk, valgrind, htpasswd, and python3 with its standard library.
"""

import argparse
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import zlib
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# No file beside the scripts.
sys.dont_write_bytecode = True
from compare import ROOT, Table, first_line, machine, median, print_rows, quiet, read, say

HERE = Path(__file__).resolve().parent
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
TICKS = os.sysconf("SC_CLK_TCK")


# Processes that were started; `main` ends those that an error has left.
STARTED = []


def start(argv, **more):
    process = subprocess.Popen([str(part) for part in argv], stdout=subprocess.PIPE, **more)
    STARTED.append(process)
    return process


class Server:
    """Process that answers, with its children. Ended at the end of the `with` block."""

    def __init__(self, argv, log, has_address=True):
        self.log = log
        with open(log, "wb") as stderr:
            self.process = start(argv, stdin=subprocess.DEVNULL, stderr=stderr)
        self.pid = self.process.pid
        # keyctl and server.py print where they listen once they do.
        line = self.process.stdout.readline().decode().strip() if has_address else ""
        self.address = line.removeprefix("http://")
        if has_address and not self.address:
            self.end()
            raise SystemExit(f"{argv}: {read(log)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def pids(self):
        children = read(f"/proc/{self.pid}/task/{self.pid}/children").split()
        return [self.pid, *(int(pid) for pid in children if pid.isdigit())]

    def cpu(self):
        """CPU seconds of the process and its children so far, and of children that have ended."""
        total = 0
        for pid in self.pids():
            # The name in parentheses may hold anything; utime is the 14th field.
            fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            total += sum(int(field) for field in fields[11:15])
        return total / TICKS

    def memory(self):
        """Bytes of memory that are the process's own: not of files, which the system can drop."""
        found = re.search(r"RssAnon:\s*(\d+)", read(f"/proc/{self.pid}/status"))
        return int(found.group(1)) * 1024


class Load:
    """Run of wrk with the values of a file in one header."""

    def __init__(self, url, values, connections, seconds, header="x-api-key", threads=None, method="GET"):
        threads = threads or min(2, connections)
        argv = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s"]
        argv += ["-s", HERE / "load.lua", url, "--", header, values, method]
        self.url = url
        self.process = start(argv, stderr=subprocess.STDOUT, text=True)

    def result(self, all_accepted=True):
        """Waits for the end and returns the figures of load.lua, with the rate."""
        said = self.process.communicate()[0]
        lines = said.strip().splitlines()
        if self.process.returncode or not lines or not lines[-1].startswith("{"):
            raise SystemExit(f"wrk {self.url}: {said}")
        result = json.loads(lines[-1])
        if not result["requests"] or (all_accepted and (result["rejected"] or result["lost"])):
            raise SystemExit(f"wrk {self.url}: not all were accepted: {result}")
        result["rate"] = result["requests"] / result["seconds"]
        return result


class Bench:
    """Stores and servers of one run."""

    def __init__(self, args, directory):
        self.args, self.directory = args, directory
        self.table = Table()
        self.rounds = 1 if args.quick else args.rounds
        self.seconds = 1 if args.quick else 4
        self.load = os.getloadavg()
        self.cores = sorted(os.sched_getaffinity(0))
        self.keyctl = args.keyctl or build("target")
        self.random = random.Random(1)
        self.stores = {}
        self.unknown_tokens = None

    def path(self, name):
        return self.directory / name

    # Stores and tokens.

    def store(self, scheme, keys, cheap=False):
        """Returns a store and a file with the tokens of all its keys."""
        name = f"{scheme}-{keys}{'-cheap' if cheap else ''}"
        if name not in self.stores:
            say(f"  a store of {keys:,} keys: {name}")
            db, tokens = self.path(f"{name}.db"), self.path(f"{name}.tokens")
            quiet([self.keyctl, "--db", str(db), "init"])
            quiet([self.keyctl, "--db", str(db), "policy", "set", "hash", scheme])
            if cheap:
                # Below what `policy set` accepts.
                self.change(db, "INSERT INTO policy VALUES ('argon2-memory', 8), ('argon2-iterations', 1)")
            argv = [self.keyctl, "--db", str(db), "create", "--scope", "inference"]
            argv += ["--count", str(keys), "--name", "key"]
            with open(tokens, "wb") as out:
                subprocess.run(argv, check=True, stdout=out, stderr=subprocess.DEVNULL)
            self.stores[name] = (db, tokens)
        return self.stores[name]

    def change(self, db, sql):
        connection = sqlite3.connect(db)
        with connection:
            connection.execute(sql)
        connection.close()

    def first(self, tokens):
        """Returns a file with the first of these tokens alone."""
        one = self.path(f"{tokens.stem}.one")
        with open(tokens) as lines:
            one.write_text(next(lines))
        return one

    def unknown(self):
        """Returns a file with tokens of no key, but with a right checksum."""
        if self.unknown_tokens is None:
            self.unknown_tokens = self.path("unknown.tokens")
            count = 2_000 if self.args.quick else 200_000
            tokens = (unknown_token(self.random) for _ in range(count))
            self.unknown_tokens.write_text("".join(f"{token}\n" for token in tokens))
        return self.unknown_tokens

    # Servers.

    def serve(self, db, *argv, listen="127.0.0.1:0"):
        log = self.path(f"serve-{self.random.random()}.log")
        return Server([self.keyctl, "--db", db, "serve", "--listen", listen, *argv], log)

    def nginx(self, name, *blocks):
        """Starts nginx with these blocks of its `http` block. Ready when its port answers."""
        directory = self.path(name)
        directory.mkdir()
        (directory / "file").write_text("x" * 100)
        conf = NGINX.format(directory=directory, user="user root;" if os.geteuid() == 0 else "")
        path = directory / "nginx.conf"
        path.write_text(f"{conf}\n{' '.join(blocks)}\n}}\n")
        server = Server(
            ["nginx", "-p", directory, "-c", path, "-e", directory / "error.log"],
            directory / "stderr", has_address=False,
        )
        for port in re.findall(r"listen 127.0.0.1:(\d+)", " ".join(blocks)):
            wait_for(lambda: socket.create_connection(("127.0.0.1", int(port)), 1).close(), server)
        return server

    def front(self, name, upstream):
        """Starts nginx that asks `upstream` about each request for a file; returns it and its URL."""
        port = free_port()
        blocks = FRONT.format(port=port, upstream=upstream, directory=self.path(name))
        return self.nginx(name, blocks), f"http://127.0.0.1:{port}/file"

    def in_rounds(self, sides, rounds=None):
        """Calls each function of `sides` once a round, in random order; returns the results by name."""
        results = {name: [] for name in sides}
        names = list(sides)
        for _ in range(rounds or self.rounds):
            self.random.shuffle(names)
            for name in names:
                results[name].append(sides[name]())
        return results

    def ask(self, url, values, servers=(), connections=32, **more):
        """Asks for some seconds; the result has the CPU of `servers`, and of the last one, for each
        request too."""
        before = [server.cpu() for server in servers]
        result = Load(url, values, connections, self.seconds, **more).result()
        used = [server.cpu() - start for server, start in zip(servers, before)]
        return {
            **result,
            "cpu": sum(used) / result["requests"],
            "last": sum(used[-1:]) / result["requests"],
        }

    def pair(self, what, results, ours, theirs, kind, goal=None, least=False):
        """Adds a row with the ratio of two sides of the same rounds."""
        pairs = zip(results[ours], results[theirs])
        ratio = median([one[kind] / other[kind] for one, other in pairs])
        shown = [SHOW[kind](median([it[kind] for it in results[side]])) for side in (ours, theirs)]
        self.table.ratio(what, *shown, ratio, goal, least)

    # Groups: each adds rows to the table.

    def group_cached(self):
        """Cached verdicts, beside nginx that serves a file."""
        db, tokens = self.store("sha256", 1_000 if not self.args.quick else 100)
        token, port = self.first(tokens), free_port()
        block = f"server {{ listen 127.0.0.1:{port}; root {self.path('static')}; }}"
        with self.serve(db) as ours, self.nginx("static", block) as static:
            results = self.in_rounds({
                "ours": lambda: self.ask(f"http://{ours.address}/verify", token, [ours]),
                "static": lambda: self.ask(f"http://127.0.0.1:{port}/file", token, [static]),
            })
        what = "cached verdicts a second / nginx serving a file"
        self.pair(what, results, "ours", "static", "rate", 0.6, least=True)
        self.pair("the same, CPU a request", results, "ours", "static", "cpu")

    def group_gateway(self):
        """nginx that asks about each request, over TCP and over a unix socket."""
        db, tokens = self.store("sha256", 1_000 if not self.args.quick else 100)
        token, port = self.first(tokens), free_port()
        ours, yes = self.path("serve.sock"), self.path("yes.sock")
        answers = (
            f"server {{ listen 127.0.0.1:{port}; location / {{ return 200; }} }}",
            f"server {{ listen unix:{yes}; location / {{ return 200; }} }}",
        )
        with (
            self.serve(db) as tcp,
            self.serve(db, listen=f"unix:{ours}") as unix,
            self.nginx("yes", *answers) as back,
        ):
            sides = {}
            fronts = []
            try:
                for name, upstream, server in (
                    ("serve, TCP", tcp.address, tcp),
                    ("yes, TCP", f"127.0.0.1:{port}", back),
                    ("serve, unix", f"unix:{ours}", unix),
                    ("yes, unix", f"unix:{yes}", back),
                ):
                    front, url = self.front(name.replace(", ", "-"), upstream)
                    fronts.append(front)
                    sides[name] = self.asking(url, token, [front, server])
                for name, flags in (("apr1", ["-m"]), ("bcrypt", ["-B", "-C", "10"])):
                    front, url, password = self.basic(name, flags)
                    fronts.append(front)
                    few = 4 if name == "bcrypt" else 32
                    more = {"header": "Authorization", "connections": few}
                    sides[name] = self.asking(url, password, [front], **more)
                results = self.in_rounds(sides)
            finally:
                for front in fronts:
                    front.end()
        for place, goal in (("TCP", 1.4), ("unix", 1.2)):
            name = "TCP" if place == "TCP" else "a unix socket"
            what = f"nginx + serve / nginx + nginx that always says yes, CPU a request, {name}"
            self.pair(what, results, f"serve, {place}", f"yes, {place}", "cpu", goal)
            what = f"of it serve / the second nginx, {name}"
            self.pair(what, results, f"serve, {place}", f"yes, {place}", "last")
            what = f"the same, requests a second, {name}"
            self.pair(what, results, f"serve, {place}", f"yes, {place}", "rate")
        what = "nginx + serve, a unix socket / nginx with `auth_basic`, apr1, CPU a request"
        self.pair(what, results, "serve, unix", "apr1", "cpu")
        what = "nginx + serve, a unix socket / nginx with `auth_basic`, bcrypt of cost 10, CPU a request"
        self.pair(what, results, "serve, unix", "bcrypt", "cpu")

    def asking(self, url, values, servers, **more):
        return lambda: self.ask(url, values, servers, **more)

    def basic(self, name, flags):
        """Starts nginx with `auth_basic`; returns it, its URL and a file with the header's value."""
        users, value, port = self.path(f"{name}.users"), self.path(f"{name}.value"), free_port()
        password = "0123456789abcdefghijABCDEFGHIJ"
        made = ["htpasswd", "-c", "-i", *flags, str(users), "user"]
        subprocess.run(made, check=True, input=password.encode(), stderr=subprocess.DEVNULL)
        value.write_text(f"Basic {b64encode(f'user:{password}'.encode()).decode()}\n")
        block = f"""server {{
            listen 127.0.0.1:{port}; root {self.path(name)};
            auth_basic keys; auth_basic_user_file {users};
        }}"""
        return self.nginx(name, block), f"http://127.0.0.1:{port}/file", value

    def group_process(self):
        """Cached verdicts, beside a server that starts `keyctl verify` for each request."""
        db, tokens = self.store("sha256", 1_000 if not self.args.quick else 100)
        token = self.first(tokens)
        argv = ["env", f"KEYCTL={self.keyctl}", f"KEYCTL_DB={db}", "KEYCTL_TIMEOUT=30", sys.executable,
                HERE.parent / "docs/endpoint/server.py"]
        with self.serve(db) as ours, Server(argv, self.path("process.log")) as theirs:
            results = self.in_rounds({
                "ours": lambda: self.ask(f"http://{ours.address}/verify", token, [ours]),
                "process": lambda: self.ask(f"http://{theirs.address}/", token, [theirs], method="POST"),
            })
        what = "verdicts a second / a server that starts `keyctl verify` for each, sha256"
        self.pair(what, results, "ours", "process", "rate", 150, least=True)
        self.pair("the same, CPU a request", results, "ours", "process", "cpu")

    def group_commits(self):
        """Throughput while another process commits a hundred times a second."""
        db, tokens = self.store("sha256", 1_000 if not self.args.quick else 100)
        with self.serve(db) as ours:
            url = f"http://{ours.address}/verify"

            def committing():
                argv = [sys.executable, "-c", COMMITS, db, self.seconds + 1]
                writer = start(argv, text=True)
                writer.stdout.readline()
                result = self.ask(url, tokens, [ours])
                return {**result, "commits": float(writer.communicate()[0])}

            results = self.in_rounds({
                "quiet": lambda: self.ask(url, tokens, [ours]),
                "commits": committing,
            })
        commits = median([result["commits"] for result in results["commits"]])
        what = f"verdicts a second with {commits:.0f} commits a second by another process / with none"
        self.pair(what, results, "commits", "quiet", "rate", 0.5, least=True)

    def group_flood_argon2id(self):
        """Cached tokens on 4 connections during a flood of unknown tokens on 32, Argon2id."""
        results = self.flooded("argon2id")
        what = "argon2id, verdicts a second during a flood of unknown tokens / without one"
        self.pair(what, results, "flood", "quiet", "rate", 0.4, least=True)
        self.slowest("argon2id", results, 25)

    def group_flood_sha256(self):
        """The same with SHA-256."""
        results = self.flooded("sha256")
        self.slowest("sha256", results, 8)
        what = "sha256, verdicts a second during a flood of unknown tokens / without one"
        self.pair(what, results, "flood", "quiet", "rate")

    def flooded(self, scheme):
        db, tokens = self.store(scheme, 100)
        unknown = self.unknown()
        with self.serve(db) as ours:
            url = f"http://{ours.address}/verify"
            # All of them are in the cache from now on.
            for token in tokens.read_text().split():
                if (status := ask_once(ours.address, "/verify", token)) != 200:
                    raise SystemExit(f"{url}: {status} for a valid token")

            def quiet_time():
                return self.ask(url, tokens, [ours], 4, threads=1)

            def flood():
                load = Load(url, unknown, 32, self.seconds + 2, threads=1)
                time.sleep(1)
                result = quiet_time()
                result["flood"] = load.result(all_accepted=False)["rate"]
                return result

            return self.in_rounds({"quiet": quiet_time, "flood": flood})

    def slowest(self, scheme, results, goal):
        value, quiet_value, rate = (
            median([result[kind] for result in results[side]])
            for side, kind in (("flood", "p99"), ("quiet", "p99"), ("flood", "flood"))
        )
        what = f"{scheme}, 99 % of verdicts within, during {rate:,.0f} unknown tokens a second / without"
        limit, met = f"≤ {goal} ms", "yes" if value * 1000 <= goal else "**no**"
        self.table.add(what, SHOW["p99"](value), SHOW["p99"](quiet_value), "", limit, met)

    def group_revocation(self):
        """Requests through nginx right after `disable` and `enable`, while others ask."""
        db, tokens = self.store("sha256", 1_000 if not self.args.quick else 100)
        token = tokens.read_text().split()[1]
        key = token.split("_")[-2]
        cycles = 20 if self.args.quick else 1_000
        late = {"disable": 0, "enable": 0}
        socket_path = self.path("revocation.sock")
        with self.serve(db, listen=f"unix:{socket_path}"):
            front, url = self.front("revocation", f"unix:{socket_path}")
            with front:
                address, _, path = url.removeprefix("http://").partition("/")
                others = Load(url, self.first(tokens), 2, 36_000, threads=1)
                try:
                    for _ in range(cycles):
                        for verb, status in (("disable", 401), ("enable", 200)):
                            quiet([self.keyctl, "--db", str(db), verb, key])
                            late[verb] += ask_once(address, f"/{path}", token) != status
                finally:
                    others.process.terminate()
                    others.process.communicate()
        what = f"wrong answers to the first request after {{}}, of {cycles:,}, through nginx"
        for verb, count in late.items():
            met = "yes" if count == 0 else "**no**"
            self.table.add(what.format(f"`{verb}`"), str(count), "", "", "0", met)

    def group_memory(self):
        """Memory of a server by the number of keys that have asked, and after unknown tokens."""
        keys = 1_000 if self.args.quick else 10_000
        for scheme in ("sha256", "argon2id"):
            unknown = self.unknown().read_text().split()
            # More than a cache of 100,000 comparisons has room for in mismatches.
            flood = min(20_000, len(unknown) // 2)
            db, tokens = self.store(scheme, keys, cheap=scheme == "argon2id")
            with self.serve(db) as ours:
                known = tokens.read_text().split()
                ask_each(ours.address, known[:100])
                sizes = [ours.memory()]
                # Several times, since each of its threads has a cache of rows.
                for asked in (known * 4, unknown[:flood], unknown[flood:2 * flood]):
                    ask_each(ours.address, asked)
                    sizes.append(ours.memory())
            cached, first, second = (after - before for before, after in zip(sizes, sizes[1:]))
            self.table.limited(f"memory a cached key, {scheme}", cached / keys / 1000, " KB", 3)
            what = f"memory added by {flood:,} unknown tokens, {scheme} / by as many more"
            limit, met = "≤ 0.5 MB more", "yes" if second <= 500_000 else "**no**"
            shown = [f"{added / 1e6:.2f} MB" for added in (first, second)]
            self.table.add(what, *shown, "", limit, met)

    def group_executable(self):
        """Instructions of `verify`, and size of the executable, with the server and without it."""
        without = self.args.without or build("target/without", "--no-default-features")
        size, other = (os.stat(path).st_size for path in (self.keyctl, without))
        limit, met = "≤ 600 KB more", "yes" if size - other <= 600_000 else "**no**"
        shown = [f"{bytes_ / 1e6:.2f} MB" for bytes_ in (size, other)]
        what = "size of the executable / without the feature `serve`"
        self.table.add(what, *shown, f"+{(size - other) / 1000:.0f} KB", limit, met)
        if not shutil.which("valgrind"):
            self.table.skip("instructions of verify", "no valgrind here")
            return
        db, tokens = self.store("sha256", 1_000 if not self.args.quick else 100)
        token = self.first(tokens)
        results = self.in_rounds({
            "with": lambda: self.instructions(self.keyctl, db, token),
            "without": lambda: self.instructions(without, db, token),
        }, rounds=3)
        what = "`keyctl verify`, instructions / without the feature `serve`"
        self.pair(what, results, "with", "without", "instructions", 1.02)

    def instructions(self, keyctl, db, token):
        argv = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", keyctl, "--db", db]
        argv += ["verify", "--no-touch", "--key-file", token]
        argv = [str(part) for part in argv]
        done = subprocess.run(argv, check=True, capture_output=True, text=True)
        return {"instructions": int(re.search(r"Collected : (\d+)", done.stderr).group(1))}

    def peers(self):
        found = [first_line("nginx", "-v"), first_line("wrk", "-v"), first_line("valgrind", "--version")]
        return [line.partition(" Copyright")[0] for line in found if line]


def per_request(seconds):
    return f"{seconds * 1e6:.1f} µs" if seconds < 0.001 else f"{seconds * 1000:.2f} ms"


SHOW = {
    "rate": lambda rate: f"{rate:,.0f}/s",
    "cpu": per_request,
    "last": per_request,
    "p99": lambda seconds: f"{seconds * 1000:.2f} ms",
    "instructions": lambda count: f"{count / 1e6:.3f} million",
}

NGINX = """
{user}
daemon off;
pid {directory}/pid;
worker_processes 2;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
"""

# As in docs/gateways/nginx, with a file in place of the application.
FRONT = """
    upstream keyctl {{
        server {upstream};
        keepalive 32;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        root {directory};
        auth_request /_keyctl;
        location / {{ }}
        location = /_keyctl {{
            internal;
            proxy_pass http://keyctl/verify;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header X-Real-IP $remote_addr;
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Cookie "";
            client_max_body_size 0;
        }}
    }}
"""

# Commits of a process that changes another key than those that are asked for, a hundred a second.
# Prints a line when it begins, and at its end how many a second there were.
COMMITS = """
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
db.execute("PRAGMA synchronous = NORMAL")
start, count = time.monotonic(), 0
print("began", flush=True)
while (now := time.monotonic()) < start + float(sys.argv[2]):
    time.sleep(max(0, start + count / 100 - now))
    db.execute("UPDATE keys SET last_used_at = coalesce(last_used_at, 0) + 1 WHERE seq = 1")
    count += 1
print(count / (time.monotonic() - start))
"""


def unknown_token(source):
    head = "kc_" + "".join(source.choices(BASE32, k=12)) + "_" + "".join(source.choices(BASE62, k=43))
    rest, digits = zlib.crc32(head.encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return head + digits


def ask_once(address, path, token):
    """Asks once over a new connection; returns the status."""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request("GET", path, headers={"x-api-key": token})
        return connection.getresponse().status
    finally:
        connection.close()


def ask_each(address, tokens, connections=4):
    """Asks once for each token, over some connections that are kept."""
    host, _, port = address.rpartition(":")

    def ask(some):
        with socket.create_connection((host, int(port)), 30) as connection:
            for token in some:
                connection.sendall(f"GET /verify HTTP/1.1\r\nhost: a\r\nx-api-key: {token}\r\n\r\n".encode())
                answer = b""
                # No answer has a body.
                while not answer.endswith(b"\r\n\r\n"):
                    part = connection.recv(4096)
                    if not part:
                        raise SystemExit(f"{address}: closed the connection")
                    answer += part

    with ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(ask, tokens[at::connections]) for at in range(connections)]:
            done.result()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(answers, server):
    """Calls `answers` until it does not fail."""
    end = time.monotonic() + 20
    while True:
        try:
            return answers()
        except OSError:
            if time.monotonic() > end or server.process.poll() is not None:
                server.end()
                raise SystemExit(f"it does not answer: {read(server.log)}") from None
            time.sleep(0.01)


def build(target, *features):
    """Builds keyctl with the release profile, without what a developer's environment adds to it."""
    say(f"cargo build --release {' '.join(features)}")
    argv = ["cargo", "build", "--release", "--locked", "--message-format=json", *features]
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / Path(target).relative_to("target")
    env = {name: value for name, value in os.environ.items() if name not in DEVELOPERS}
    env["CARGO_TARGET_DIR"] = str(target)
    built = subprocess.run(
        argv, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and "bin" in message["target"]["kind"]:
            return message["executable"]
    raise SystemExit("cargo built no executable")


DEVELOPERS = ("RUSTFLAGS", "CARGO_PROFILE_DEV_DEBUG", "CARGO_PROFILE_TEST_DEBUG", "CARGO_INCREMENTAL")


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short round, small stores")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds (5)")
    parser.add_argument("--only", default="", help="only groups with this text in their name")
    parser.add_argument("--keyctl", help="the executable to measure, instead of the one built here")
    parser.add_argument("--without", help="one without the server, instead of the one built here")
    return parser.parse_args()


def main():
    args = arguments()
    for program in ("nginx", "wrk", "htpasswd"):
        if not shutil.which(program):
            raise SystemExit(f"serve.py: needs {program}")
    os.environ.pop("KEYCTL_DB", None)
    with tempfile.TemporaryDirectory(prefix="keyctl-serve-") as directory:
        bench = Bench(args, Path(directory))
        try:
            for name in vars(Bench):
                if name.startswith("group_") and args.only in name:
                    say(name.removeprefix("group_").replace("_", " "))
                    getattr(bench, name)()
        finally:
            for process in STARTED:
                if process.poll() is None:
                    process.terminate()
                    process.wait()
        print_rows(bench.table)
        print()
        for name, value in machine(bench, bench.peers()):
            print(f"- {name}: {value}")
        for line in bench.table.skipped:
            print(f"- left out: {line}")


if __name__ == "__main__":
    main()
