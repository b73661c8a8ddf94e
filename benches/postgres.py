#!/usr/bin/env python3
"""Measures stores on a PostgreSQL server beside psql, pgbench and stores in SQLite files, and prints a
Markdown table of ratios.

    benches/postgres.py                               # a list of a million keys, some minutes
    benches/postgres.py --keyctl FILE --without FILE  # two executables; --without has no `postgres`
    benches/postgres.py --quick                       # a test of this script, no figures
    benches/postgres.py --only list --keys 100000     # only groups with this text in their name

BENCHMARKS.md explains each row. Method:

- The server is made for the run, in a directory under $TMPDIR that is removed in the end. Its commits
  wait for the disk. It listens on 127.0.0.1 and on a socket in that directory.
- Each round measures both sides of a ratio, in random order; a ratio is the median of the ratios of
  all rounds: a slow phase of the machine slows both sides.
- "CPU" is the user and system time of the client, from wait4(2): what the server takes is not in it.
  "wall" is from the start of the client to its end, with the server's part.
- The exit code of every process is checked, so that a quick failure does not count as speed.
- psql is the program itself: Debian's /usr/bin/psql is a script in Perl that looks for it.
- Round trips are counted by a proxy that holds each answer back: what a client sends meanwhile, it
  sends without waiting.

Needs PostgreSQL 14 or newer (server, psql, pgbench), pgbouncer, openssl, valgrind for one row, and
python3 with its standard library.
"""

import argparse
import os
import pwd
import re
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# No file beside the scripts.
sys.dont_write_bytecode = True
import serve
from compare import Command, first_line, judged, machine, median, ms, print_rows, quiet, read, say

USER = "bench"
PASSWORD = "no secret, since nobody else reaches this server"
WRITERS = 8

# Seconds for which the proxy holds each answer back: less than keyctl takes to disconnect at most, and
# far more than its work between two answers takes.
DELAY = 0.1

serve.SHOW.update({
    "cpu": ms,
    "wall": ms,
    "memory": lambda kib: f"{kib / 1024:.2f} MiB",
})


def newest_programs():
    """Returns the directory of the newest server's programs: that of Debian, or of initdb."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda at: int(at.parts[4]))
    initdb = found[-1] if found else shutil.which("initdb")
    if not initdb:
        raise SystemExit("postgres.py: needs initdb, of PostgreSQL's server")
    return Path(initdb).resolve().parent


def pipe_to_nowhere():
    """Returns the end of a pipe for writing; a thread reads the other one.

    create wants to deliver its token. A file would have to reach the disk while the store is locked, and what pgbench
    runs delivers nothing.
    """
    taken, given = os.pipe()

    def take():
        while os.read(taken, 65536):
            pass

    threading.Thread(target=take, daemon=True).start()
    return given


class ServersUser:
    """User that servers run as: nobody if this is root, since they refuse to run as root."""

    def __init__(self):
        entry = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.ids = (entry.pw_uid, entry.pw_gid) if entry else None
        self.start = {}
        if entry:
            self.start = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}

    def own(self, path):
        if self.ids:
            os.chown(path, *self.ids)


class Cluster:
    """PostgreSQL server with TLS. Ended at the end of the `with` block."""

    def __init__(self, directory, programs):
        self.directory, self.programs, self.user = directory / "pg", programs, ServersUser()
        self.port = serve.free_port()
        self.authority = directory / "authority.pem"

    def program(self, name):
        return str(self.programs / name)

    def __enter__(self):
        # The server's user passes through to its own directory.
        self.directory.parent.chmod(0o711)
        self.directory.mkdir()
        self.user.own(self.directory)
        initdb = [self.program("initdb"), "-D", self.data(), "-U", "postgres", "-A", "trust", "--no-sync"]
        self.run([*initdb, "-E", "UTF8", "--locale=C"])
        self.certify()
        with open(self.data() / "postgresql.conf", "a", encoding="ascii") as conf:
            conf.write(SERVER.format(directory=self.directory, port=self.port))
        (self.data() / "pg_hba.conf").write_text(LOGINS)
        self.run([*self.control(), "-w", "-l", self.directory / "log", "start"])
        try:
            quoted = PASSWORD.replace("'", "''")
            self.sql("postgres", f"CREATE ROLE {USER} LOGIN CREATEROLE PASSWORD '{quoted}'")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        self.run([*self.control(), "-m", "fast", "stop"])

    def data(self):
        return self.directory / "data"

    def control(self):
        return [self.program("pg_ctl"), "-D", self.data(), "-t", "60"]

    def run(self, argv):
        """Runs a program as the server's user."""
        argv = [str(part) for part in argv]
        with tempfile.TemporaryFile() as said:
            more = {"stdout": said, "stderr": said, "stdin": subprocess.DEVNULL}
            if subprocess.run(argv, cwd=self.directory, **more, **self.user.start).returncode:
                said.seek(0)
                log = read(self.directory / "log")
                raise SystemExit(f"{argv}: {said.read().decode(errors='replace')}{log}")

    def certify(self):
        """Makes an authority, and the server's certificate by it."""
        key, request = self.data() / "server.key", self.directory / "request"
        own_key, extensions = self.directory / "authority.key", self.directory / "extensions"
        extensions.write_text("basicConstraints=CA:FALSE\nsubjectAltName=DNS:localhost\n")
        new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        quiet(["openssl", "req", "-x509", *new, "-days", "2", "-subj", "/CN=authority",
               "-keyout", str(own_key), "-out", str(self.authority)])
        quiet(["openssl", "req", *new, "-subj", "/CN=server", "-keyout", str(key), "-out", str(request)])
        quiet(["openssl", "x509", "-req", "-in", str(request), "-CA", str(self.authority),
               "-CAkey", str(own_key), "-CAcreateserial", "-days", "2", "-extfile", str(extensions),
               "-out", str(self.data() / "server.crt")])
        self.user.own(key)
        key.chmod(0o600)

    def url(self, database, directory=None, port=None):
        """Returns the URL by a unix socket: the server's own, or another one."""
        return f"postgres://{USER}@/{database}?host={directory or self.directory}&port={port or self.port}"

    def tls_url(self, database, passfile):
        tls = f"sslmode=verify-full&sslrootcert={self.authority}&passfile={passfile}"
        return f"postgres://{USER}@localhost:{self.port}/{database}?hostaddr=127.0.0.1&{tls}"

    def psql(self, url, *argv, csv=False):
        return [self.program("psql"), "-X", "--csv" if csv else "-At", "-d", url, *argv]

    def sql(self, database, *statements):
        """Runs statements as superuser, each in its own transaction; returns their output."""
        url = f"postgres://postgres@/{database}?host={self.directory}&port={self.port}"
        argv = self.psql(url, "-q", "-v", "ON_ERROR_STOP=1")
        for statement in statements:
            argv += ["-c", statement]
        done = subprocess.run(argv, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{statements}: {done.stderr}")
        return done.stdout.strip()


class Pooler:
    """PgBouncer that gives each transaction a session. Ended at the end of the `with` block."""

    def __init__(self, cluster, directory, database):
        directory.mkdir()
        cluster.user.own(directory)
        # A part of the socket's name alone: it listens on no port.
        self.directory, self.port = directory, 6432
        conf = directory / "pgbouncer.ini"
        conf.write_text(POOLER.format(
            database=database, server=cluster.directory, server_port=cluster.port, user=USER,
            directory=directory, port=self.port,
        ))
        log = directory / "stderr"
        with open(log, "wb") as stderr:
            more = {"stderr": stderr, "cwd": directory, **cluster.user.start}
            self.process = serve.start(["pgbouncer", conf], **more)
        self.log = log
        path = directory / f".s.PGSQL.{self.port}"
        serve.wait_for(lambda: connect(path).close(), self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        # At once: it waits for no client.
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Messages:
    """Cuts a stream of PostgreSQL's protocol into messages: pairs of type and content.

    <https://www.postgresql.org/docs/current/protocol-message-formats.html>
    """

    def __init__(self, begins_untyped):
        self.bytes, self.untyped = b"", begins_untyped

    def take(self, chunk):
        self.bytes += chunk
        found = []
        while True:
            head = 0 if self.untyped else 1
            if len(self.bytes) < head + 4:
                return found
            end = head + int.from_bytes(self.bytes[head:head + 4], "big")
            if len(self.bytes) < end:
                return found
            found.append((self.bytes[:head], self.bytes[head + 4:end]))
            self.bytes, self.untyped = self.bytes[end:], False


class Proxy:
    """Proxy on a unix socket that counts the round trips of one connection at a time.

    A flight is what the client sends from a moment at which everything was answered to the next such
    moment. The proxy holds each answer back for DELAY, so that what a client sends without waiting for
    an answer is in one flight with what came before. Each flight behind the first ReadyForQuery is a
    round trip, unless it is a ROLLBACK alone: nobody goes by the answer to that. Terminate has none.
    """

    def __init__(self, server, directory):
        directory.mkdir()
        self.server, self.directory, self.port = server, directory, 6432
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(directory / f".s.PGSQL.{self.port}"))
        self.listener.listen()
        self.seen = []
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Wakes the thread from accept().
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with client, connect(self.server) as server:
                self.seen.append(Relay(client, server).run())


class Relay:
    """Connection through a proxy."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.from_client, self.from_server = Messages(True), Messages(False)
        self.held = []
        self.flights, self.is_idle, self.unanswered = [], False, 1
        self.connected = self.ended = None

    def run(self):
        """Relays to the end; returns the round trips, and the delays that passed since the connection
        was made."""
        try:
            while self.step():
                pass
        except OSError:
            # The client is gone, or the server.
            pass
        if self.connected is None:
            return 0, 0
        ended = self.ended or time.monotonic()
        return sum(map(is_round_trip, self.flights)), int((ended - self.connected) / DELAY)

    def step(self):
        until = max(0, self.held[0][0] - time.monotonic()) if self.held else None
        ready, _, _ = select.select([self.client, self.server], [], [], until)
        if self.client in ready:
            chunk = self.client.recv(1 << 16)
            for message in self.from_client.take(chunk):
                self.sent(message)
            if not chunk:
                return False
            self.server.sendall(chunk)
        if self.server in ready:
            chunk = self.server.recv(1 << 16)
            if not chunk:
                return False
            self.held.append((time.monotonic() + DELAY, chunk))
        while self.held and self.held[0][0] <= time.monotonic():
            self.deliver(self.held.pop(0)[1])
        return True

    def sent(self, message):
        kind, _ = message
        if kind == b"X":
            self.ended = time.monotonic()
            return
        if self.connected is None:
            return
        if self.is_idle:
            self.flights.append([])
            self.is_idle = False
        self.flights[-1].append(message)
        # Query and Sync: the server answers each with ReadyForQuery.
        self.unanswered += kind in (b"Q", b"S")

    def deliver(self, chunk):
        self.client.sendall(chunk)
        for kind, _ in self.from_server.take(chunk):
            if kind != b"Z":
                continue
            self.connected = self.connected or time.monotonic()
            self.unanswered -= 1
            self.is_idle = self.unanswered == 0


def is_round_trip(flight):
    return flight != [(b"Q", b"ROLLBACK\0")]


def connect(path):
    stream = socket.socket(socket.AF_UNIX)
    try:
        stream.connect(str(path))
    except OSError:
        stream.close()
        raise
    return stream


NULL = os.open(os.devnull, os.O_RDWR)


def run(argv, out=NULL):
    """Runs a program without input; returns its CPU and wall seconds. `out` is a descriptor."""
    argv = [str(part) for part in argv]
    actions = [(os.POSIX_SPAWN_DUP2, NULL, 0), (os.POSIX_SPAWN_DUP2, out, 1)]
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{argv}: exit {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, wall


class Bench(serve.Bench):
    """Stores and servers of one run."""

    def __init__(self, args, directory, cluster):
        super().__init__(args, directory)
        self.cluster = cluster
        self.runs = 3 if args.quick else 20
        self.keys = 1_000 if args.quick else args.keys
        self.few_keys = 100 if args.quick else 1_000
        self.databases = {}
        self.created = pipe_to_nowhere()

    def on(self, url, *argv):
        return [str(self.keyctl), "--db", url, *map(str, argv)]

    def database(self, name, keys=0):
        """Returns the URL of a store on the server, and a file with the tokens of its keys."""
        if name not in self.databases:
            self.cluster.sql("postgres", f"CREATE DATABASE {name} OWNER {USER}")
            url, tokens = self.cluster.url(name), self.path(f"{name}.tokens")
            quiet(self.on(url, "init"))
            quiet(self.on(url, "policy", "set", "hash", "sha256"))
            if keys:
                say(f"  a store of {keys:,} keys on the server: {name}")
                argv = self.on(url, "create", "--quiet", "--scope", "inference", "--name", "key")
                argv += ["--count", str(keys)]
                with open(tokens, "wb") as out:
                    subprocess.run(argv, check=True, stdout=out)
            self.databases[name] = (url, tokens)
        return self.databases[name]

    def verify(self, url, token, *more):
        return self.on(url, "verify", "--key-file", token, *more)

    def timed(self, argv):
        """Returns a function that runs a program some times: mean of the CPU, median of wall."""
        # Shows what it says, if it fails.
        Command(*argv).run()

        def some():
            done = [run(argv) for _ in range(self.runs)]
            return {
                "cpu": statistics.fmean(cpu for cpu, _ in done),
                "wall": median([wall for _, wall in done]),
            }
        return some

    def count(self, what, value, goal):
        limit, met = judged(value, goal, str(goal), False)
        self.table.add(what, str(value), "", "", limit, met)

    # Groups: each adds rows to the table.

    def group_verify(self):
        """Verify beside psql with the same statements, by a unix socket and by TLS."""
        url, tokens = self.database("keys", self.few_keys)
        token = self.first(tokens)
        passfile = self.path("passfile")
        passfile.write_text(f"*:*:*:{USER}:{PASSWORD}\n")
        passfile.chmod(0o600)
        tls = self.cluster.tls_url("keys", passfile)
        key = token.read_text().split("_")[-2]
        script = VERIFY.format(id=key)
        sides = {}
        for way, where in (("unix", url), ("tls", tls)):
            argv = self.cluster.psql(where, "-c", script)
            if f"\n{key}|" not in subprocess.check_output(argv, text=True):
                raise SystemExit(f"{argv}: it did not find the key")
            sides[f"verify {way}"] = self.timed(self.verify(where, token, "--no-touch"))
            sides[f"psql {way}"] = self.timed(argv)
        results = self.in_rounds(sides)
        for way, name, wall, cpu in (
            ("unix", "a unix socket", 0.75, 0.45),
            ("tls", "TCP with TLS and SCRAM", 0.6, 0.4),
        ):
            what = f"verify, {name} / `psql -X -At -c`, the same selects"
            self.pair(f"{what}, wall", results, f"verify {way}", f"psql {way}", "wall", wall)
            self.pair(f"{what}, CPU", results, f"verify {way}", f"psql {way}", "cpu", cpu)

    def group_pooler(self):
        """Verify through PgBouncer, beside verify on a SQLite file."""
        _, tokens = self.database("keys", self.few_keys)
        file, file_tokens = self.store("sha256", self.few_keys)
        with Pooler(self.cluster, self.path("pooler"), "keys") as pooler:
            url = self.cluster.url("keys", pooler.directory, pooler.port)
            results = self.in_rounds({
                "pooler": self.timed(self.verify(url, self.first(tokens), "--no-touch")),
                "file": self.timed(self.verify(file, self.first(file_tokens), "--no-touch")),
            })
        what = "verify through a local PgBouncer / verify on a SQLite file"
        self.pair(f"{what}, wall", results, "pooler", "file", "wall", 1.5)
        self.pair(f"{what}, CPU", results, "pooler", "file", "cpu")

    def group_round_trips(self):
        """Round trips of commands, once they are connected."""
        _, tokens = self.database("keys", self.few_keys)
        # A use is recorded once a minute for each key.
        own = [self.path(f"trip-{number}.token") for number in range(3)]
        for path, token in zip(own, tokens.read_text().split()[1:]):
            path.write_text(token)
        server = self.cluster.directory / f".s.PGSQL.{self.cluster.port}"
        with Proxy(server, self.path("proxy")) as proxy:
            url = self.cluster.url("keys", proxy.directory, proxy.port)
            create = self.on(url, "create", "--quiet", "--scope", "inference", "--name")
            for what, goal, commands in (
                ("verify --no-touch", 2, [self.verify(url, path, "--no-touch") for path in own]),
                ("verify", 3, [self.verify(url, path) for path in own]),
                ("create", 5, [[*create, path.stem] for path in own]),
            ):
                proxy.seen.clear()
                for argv in commands:
                    run(argv, self.created)
                # The proxy notes a connection after the client's end.
                end = time.monotonic() + 20
                while len(proxy.seen) < len(commands) and time.monotonic() < end:
                    time.sleep(0.01)
                if len(proxy.seen) != len(commands):
                    raise SystemExit(f"{what}: {len(proxy.seen)} connections for {len(commands)} commands")
                trips, delays = zip(*proxy.seen)
                # Other work on the machine adds to the time only.
                trips, delays = max(trips), min(delays)
                self.count(f"round trips of `{what}` once it is connected", trips, goal)
                self.table.plain("the same, and those until it disconnects, by its time", str(delays))

    def group_writers(self):
        """Creates by several processes at once, beside the same transactions by pgbench."""
        url, _ = self.database("writers")
        script = self.path("create.sql")
        script.write_text(CREATE.format(user=USER, columns=COLUMNS))
        seconds = 2 if self.args.quick else 8
        create = self.on(url, "create", "--quiet", "--scope", "inference", "--name")
        names, made = iter(range(1 << 62)), {"keyctl": 0, "pgbench": 0}

        def loop(end):
            count = 0
            while time.perf_counter() < end:
                run([*create, f"service-{next(names)}"], self.created)
                count += 1
            return count

        def ours():
            start = time.perf_counter()
            with ThreadPoolExecutor(WRITERS) as pool:
                count = sum(pool.map(loop, [start + seconds] * WRITERS))
            made["keyctl"] += count
            return {"rate": count / (time.perf_counter() - start)}

        def pgbench():
            argv = [self.cluster.program("pgbench"), "-n", "-C", "-c", WRITERS, "-j", 2, "-T", seconds]
            argv = [str(part) for part in [*argv, "-f", script, url]]
            done = subprocess.run(argv, capture_output=True, text=True)
            found = re.search(r"actually processed: (\d+)", done.stdout)
            rate = re.search(r"tps = ([\d.]+)", done.stdout)
            if done.returncode or not found or not rate:
                raise SystemExit(f"{argv}: {done.stdout}{done.stderr}")
            made["pgbench"] += int(found.group(1))
            return {"rate": float(rate.group(1))}

        results = self.in_rounds({"keyctl": ours, "pgbench": pgbench}, rounds=min(self.rounds, 5))
        what = f"creates a second by {WRITERS} processes at a time / the same SQL by " \
            f"`pgbench -C -c {WRITERS}`"
        self.pair(what, results, "keyctl", "pgbench", "rate", 0.5, least=True)
        total = sum(made.values())
        counts = "SELECT (SELECT count(*) FROM keyctl.keys), " \
            "(SELECT count(*) FROM keyctl.events WHERE action = 'create')"
        is_whole = subprocess.run(self.on(url, "log", "--check"), stdout=subprocess.DEVNULL).returncode == 0
        found = self.cluster.sql("writers", counts)
        met = "yes" if is_whole and found == f"{total}|{total}" else "**no**"
        what = f"keys and events after {total:,} creates; `log --check` finds the chain whole"
        self.table.add(what, found.replace("|", " and "), "", "", f"{total} and {total}", met)

    def group_list(self):
        """List of a large store, beside psql with the same columns."""
        sizes = {"large": self.keys, "tenth": max(1, self.keys // 10)}
        for name, size in sizes.items():
            self.fill(name, size)
        url, _ = self.database("large")
        listed = "FROM keyctl.keys WHERE deleted_at IS NULL"
        select_all = f"SELECT {COLUMNS} {listed} ORDER BY created_at, seq"
        commands = {
            "list": self.on(url, "list", "--format", "csv"),
            "psql": self.cluster.psql(url, "-c", select_all, csv=True),
            "tenth": self.on(self.database("tenth")[0], "list", "--format", "csv"),
        }
        sides = {name: self.measured(argv) for name, argv in commands.items()}
        results = self.in_rounds(sides, rounds=min(self.rounds, 3))
        for name, measured in results.items():
            database = "tenth" if name == "tenth" else "large"
            # A line of names too.
            lines = 1 + int(self.cluster.sql(database, f"SELECT count(*) {listed}"))
            if any(result["lines"] != lines for result in measured):
                raise SystemExit(f"{commands[name]}: not {lines} lines")
        what = f"list of {self.keys:,} keys as CSV / `psql --csv`, the same columns"
        self.pair(f"{what}, wall", results, "list", "psql", "wall", 3.0)
        self.pair(f"{what}, CPU", results, "list", "psql", "cpu")
        self.pair(f"{what}, largest memory", results, "list", "psql", "memory", 0.1)
        what = f"list of {self.keys:,} keys / of {sizes['tenth']:,} keys, largest memory"
        self.pair(what, results, "list", "tenth", "memory", 1.1)

    def measured(self, argv):
        return lambda: Command(*argv).run()

    def fill(self, name, size):
        """Makes a store on the server whose keys are put into it by plain SQL, without events."""
        self.database(name)
        say(f"  a store of {size:,} keys on the server: {name}")
        self.cluster.sql(
            name, f"SET session_replication_role = replica; {FILL.format(size=size)}",
            "VACUUM ANALYZE keyctl.keys",
        )

    def group_executable(self):
        """Verify on a SQLite file, and size of the executable, with the feature and without it."""
        if not self.args.without:
            self.table.skip("with the feature `postgres` / without", "no --without FILE was given")
            return
        size, other = (os.stat(path).st_size for path in (self.keyctl, self.args.without))
        shown = [f"{bytes_ / 1e6:.2f} MB" for bytes_ in (size, other)]
        what = "size of the executable / without the feature `postgres`"
        self.table.add(what, *shown, f"+{(size - other) / 1000:.0f} KB", "", "")
        if not shutil.which("valgrind"):
            self.table.skip("instructions of verify", "no valgrind here")
            return
        db, tokens = self.store("sha256", self.few_keys)
        token = self.first(tokens)
        results = self.in_rounds({
            "with": lambda: self.instructions(self.keyctl, db, token),
            "without": lambda: self.instructions(self.args.without, db, token),
        }, rounds=1 if self.args.quick else 3)
        what = "`keyctl verify` on a SQLite file, instructions / without the feature `postgres`"
        self.pair(what, results, "with", "without", "instructions", 1.03)

    def peers(self):
        found = [first_line(self.cluster.program("psql"), "--version"), first_line("pgbouncer", "--version")]
        found += [first_line("openssl", "version"), first_line("valgrind", "--version")]
        return [line for line in found if line]


SERVER = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{directory}'
ssl = on
password_encryption = 'scram-sha-256'
shared_buffers = 256MB
max_wal_size = 4GB
"""

LOGINS = """
local   all all              trust
hostssl all all 127.0.0.1/32 scram-sha-256
"""

POOLER = """
[databases]
{database} = host={server} port={server_port} dbname={database} user={user}
[pgbouncer]
listen_addr =
listen_port = {port}
unix_socket_dir = {directory}
auth_type = any
pool_mode = transaction
logfile = {directory}/log
pidfile = {directory}/pid
"""

# What verify waits for first, in one message. It looks once more when it has compared the hash.
VERIFY = """BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT * FROM keyctl.look(NULL, NULL);
SELECT * FROM keyctl.to_verify('{{{id}}}', '{{}}');
ROLLBACK"""

# The columns that list reads.
COLUMNS = "id, name, owner, kind, created_at, created_by, expires_at, last_used_at, grace_from, " \
    "usable_until, disabled_at, disabled_by, deleted_at, replaces, replaced_by, scopes, labels, " \
    "allow_from, first_used_at, imported"

# The transaction in which create makes a key, in as many messages: \; joins statements to one.
CREATE = r"""\set number random(0, 281474976710655)
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE\; SET LOCAL lock_timeout = '30s'\;
    SET LOCAL statement_timeout = '60s'\; SET LOCAL idle_in_transaction_session_timeout = '10s'\;
    SELECT seq, hash FROM keyctl.lock_head();
SELECT {columns} FROM keyctl.keys
    WHERE owner = '{user}' AND name = 'pgbench-:number' AND deleted_at IS NULL AND usable_until IS NULL;
INSERT INTO keyctl.keys (id, name, owner, kind, hash, created_at, created_by, expires_at, scopes, labels,
        allow_from, imported)
    VALUES (lpad(to_hex(:number), 12, '0'), 'pgbench-:number', '{user}', 'api',
        '$sha256$CZxjShyh2UfrVtvKVDInvOCi8Rqu9xo1eMI5AKJjaHQ', keyctl.clock(), '{user}',
        keyctl.clock() + 31536000000, '{{inference}}', '{{}}', '{{}}', false);
SELECT keyctl.append(keyctl.clock(), 'create', lpad(to_hex(:number), 12, '0'), '{{"expires_at":'
    '"2027-11-29T15:04:50Z","kind":"api","labels":{{}},"name":"pgbench-:number","owner":"{user}",'
    '"scopes":["inference"],"uid":0}}')\; COMMIT;
"""

# One owner for a hundred keys; 86 of 100 active, the others disabled, expired, phased out, deleted.
# The odd factor gives each number another ID.
FILL = """
INSERT INTO keyctl.keys (id, name, owner, kind, hash, created_at, created_by, expires_at, first_used_at,
    last_used_at, grace_from, usable_until, disabled_at, disabled_by, deleted_at, replaced_by, scopes, labels,
    allow_from, imported)
SELECT lpad(to_hex(n * 2654435761 % 281474976710656), 12, '0'), 'service-' || n, 'user-' || n / 100, 'api',
    CASE WHEN s < 97 THEN '$sha256$' || rtrim(encode(sha256(n::text::bytea), 'base64'), '=') END,
    t, 'user-' || n / 100, CASE WHEN s BETWEEN 90 AND 93 THEN t + 1000 ELSE t + 63072000000 END,
    CASE WHEN n % 3 = 0 THEN t + 500 END, CASE WHEN n % 3 = 0 THEN t + 900 END,
    CASE WHEN s BETWEEN 94 AND 96 THEN t + 1000 END, CASE WHEN s BETWEEN 94 AND 96 THEN t + 2000 END,
    CASE WHEN s BETWEEN 86 AND 89 THEN t + 1000 END, CASE WHEN s BETWEEN 86 AND 89 THEN 'root' END,
    CASE WHEN s >= 97 THEN t + 1000 END,
    CASE WHEN s BETWEEN 94 AND 96 THEN lpad(to_hex((n + 1) * 2654435761 % 281474976710656), 12, '0') END,
    CASE WHEN n % 4 = 0 THEN ARRAY['inference', 'project'] ELSE ARRAY['inference'] END,
    CASE n % 3 WHEN 0 THEN '{{}}' WHEN 1 THEN '{{"env":"prod"}}'
        ELSE '{{"env":"dev","team":"team-' || n % 40 || '"}}' END,
    '{{}}', false
FROM (SELECT n, n % 100 AS s, keyctl.clock() - ({size} - n) * 30000 - 86400000 AS t
    FROM generate_series(1, {size}::bigint) n) keys
"""


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one short round, small stores")
    parser.add_argument("--rounds", type=int, default=10, help="number of rounds (10)")
    parser.add_argument("--keys", type=int, default=1_000_000, help="keys of the list (1000000)")
    parser.add_argument("--only", default="", help="only groups with this text in their name")
    parser.add_argument("--keyctl", help="the executable to measure, instead of the one built here")
    parser.add_argument("--without", help="one without the feature `postgres`, for the rows about it")
    return parser.parse_args()


def main():
    args = arguments()
    for program in ("openssl", "pgbouncer"):
        if not shutil.which(program):
            raise SystemExit(f"postgres.py: needs {program}")
    for name in list(os.environ):
        if name.startswith("PG") or name == "KEYCTL_DB":
            del os.environ[name]
    # The server has to be stopped then too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))
    programs = newest_programs()
    with tempfile.TemporaryDirectory(prefix="keyctl-postgres-") as directory:
        with Cluster(Path(directory), programs) as cluster:
            bench = Bench(args, Path(directory), cluster)
            if "debug" in Path(bench.keyctl).resolve().parts:
                say(f"warning: {bench.keyctl} is a debug build: the figures say nothing")
            for name in vars(Bench):
                if name.startswith("group_") and args.only in name:
                    say(name.removeprefix("group_").replace("_", " "))
                    getattr(bench, name)()
            print_rows(bench.table)
            print()
            for name, value in machine(bench, bench.peers()):
                print(f"- {name}: {value}")
            for line in bench.table.skipped:
                print(f"- left out: {line}")
    print(TESTS)


TESTS = """
Tests show that no change is lost when a primary is killed, and that no revoked key is accepted:

    KEYCTL_TEST_ROUNDS=100 cargo test --locked --release --test it -- --ignored failover
    cargo test --locked --release --test it -- postgres::failover postgres::truth
"""


if __name__ == "__main__":
    main()
