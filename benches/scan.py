#!/usr/bin/env python3
"""Measures `keyctl scan` beside ripgrep, and prints a Markdown table.

    benches/scan.py                 # a tree of 1 GB in 50,000 files with 10,000 tokens; some minutes
    benches/scan.py --keyctl FILE   # an executable to measure
    benches/scan.py --quick         # a test of this script, no figures

BENCHMARKS.md explains each row. The tree is made under $TMPDIR and removed in the end; it is in the page
cache when the first round begins. Each round runs both programs in random order, and a ratio is the median
of the ratios of all rounds. Every token has to be found, and none may be in what is printed.

Needs ripgrep (Debian: `apt install ripgrep`), and python3 with its standard library.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# No file beside the scripts.
sys.dont_write_bytecode = True
from compare import Command, Table, Times, build, first_line, in_rounds, machine, peak_memory, print_rows, quiet, say

# Tokens of any prefix, as the documentation of the token describes them.
EXPRESSION = "[a-z][a-z0-9_]*_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}"

# As in the source of a program: every fifth word has an underscore.
WORDS = """
    fn let mut return if else match self value_of key_id is_empty to_owned for in loop state_at
    the a of which is not there where_clause x i n index length buffer next_token error result
    get set new from into with_capacity import def class None True 0 1 42 0xff "text" 'c' // #
""".split()


def text(rng, size):
    """Returns about `size` bytes of lines of words."""
    lines, length = [], 0
    while length < size:
        line = " " * rng.choice((0, 4, 8)) + " ".join(rng.choices(WORDS, k=rng.randint(2, 14)))
        lines.append(line)
        length += len(line) + 1
    return "\n".join(lines).encode()


class Tree:
    """Directory with files of text, some of them binary or large, and with tokens in some."""

    def __init__(self, root, files, size, tokens):
        self.rng, self.root = random.Random(1), root
        self.pool = text(self.rng, 8 << 20)
        planted = {n: [] for n in range(files)}
        for token in tokens:
            planted[self.rng.randrange(files)].append(token)
        large = max(1, files // 10_000)
        # A tenth of all bytes is in the large ones.
        sizes = [size // 10 // large] * large
        small = (size - sum(sizes)) // (files - large)
        sizes += [self.rng.randint(small // 10, small * 19 // 10) for _ in range(files - large)]
        for n, length in enumerate(sizes):
            directory = root / f"part-{n % 97}" / f"module-{n % 10}"
            directory.mkdir(parents=True, exist_ok=True)
            (directory / f"file-{n}.txt").write_bytes(self.content(length, planted[n], n % 50 == 0))

    def content(self, length, tokens, is_binary):
        if is_binary:
            content = bytearray(self.rng.randbytes(length))
        else:
            content = bytearray()
            while len(content) < length:
                start = self.rng.randrange(len(self.pool) // 2)
                content += self.pool[start:start + length - len(content)]
        # From the end: none is put into another one.
        places = sorted((self.rng.randrange(len(content) + 1) for _ in tokens), reverse=True)
        for at, token in zip(places, tokens):
            content[at:at] = b"\nAPI_KEY=" + token.encode() + b"\n"
        return bytes(content)


def largest_memory(argv):
    """Returns the peak memory of a process in KiB, looked at until it ends."""
    largest = 0
    with subprocess.Popen([str(part) for part in argv], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            largest = max(largest, peak_memory(process.pid))
            time.sleep(0.01)
    return largest


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round, a small tree")
    parser.add_argument("--rounds", type=int, default=7, help="number of rounds (7)")
    parser.add_argument("--keyctl", help="the executable to measure, instead of the one built here")
    return parser.parse_args()


def main():
    args = arguments()
    if not shutil.which("rg"):
        raise SystemExit("scan.py: needs rg, of ripgrep")
    os.environ.pop("KEYCTL_DB", None)
    keyctl = args.keyctl or build(args)[0]
    files, size, count = (500, 5_000_000, 100) if args.quick else (50_000, 1_000_000_000, 10_000)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="keyctl-scan-") as directory:
        db, root = Path(directory) / "keyctl" / "keyctl.db", Path(directory) / "tree"
        ours = [str(keyctl), "--db", str(db)]
        quiet([*ours, "init"])
        quiet([*ours, "policy", "set", "hash", "sha256"])
        create = [*ours, "create", "--scope", "inference", "--name", "key", "--count", str(count)]
        tokens = subprocess.run(create, check=True, capture_output=True, text=True).stdout.split()
        say(f"  a tree of {size:,} bytes in {files:,} files")
        Tree(root, files, size, tokens)
        scan = [*ours, "scan", root, "--format"]
        found = subprocess.run([*map(str, scan), "csv"], capture_output=True, text=True)
        lines = found.stdout.splitlines()[1:]
        shown = [token for token in tokens if token in found.stdout + found.stderr]
        ids = {line.split(",")[0] for line in lines}
        missing = [token for token in tokens if token.split("_")[1] not in ids]
        if found.returncode != 1 or missing or shown:
            raise SystemExit(f"exit {found.returncode}, {len(missing)} missing, {len(shown)} shown: {found.stderr}")
        say(f"  found all {count:,} tokens, and showed none")
        rg = ["rg", "-uuu", "-a", "-c", "-e", EXPRESSION, root]
        commands = {
            "scan": Command(*scan, "csv", code=1),
            "imported": Command(*ours, "scan", "--imported", root, "--format", "csv", code=1),
            "rg": Command(*rg),
        }
        times = Times(in_rounds(commands, 1 if args.quick else args.rounds, 0))
        what = f"scan of {size / 1e9:g} GB in {files:,} files with {count:,} tokens"
        table.pair(times, f"{what} / `rg -uuu -a -c`, wall", "scan", "rg", 1.5, kind="wall")
        table.pair(times, f"{what} / `rg -uuu -a -c`, CPU", "scan", "rg")
        table.pair(times, "the same with --imported / `rg -uuu -a -c`, wall", "imported", "rg", kind="wall")
        table.plain(f"{what}, largest memory", f"{largest_memory([*scan, 'csv']) / 1024:.1f} MiB")
        table.plain("tokens found, and shown", f"{len(ids)} of {count}, and {len(shown)}")
        print_rows(table)
        print()
        facts = argparse.Namespace(keyctl=keyctl, cores=sorted(os.sched_getaffinity(0)), load=os.getloadavg())
        for name, value in machine(facts, [first_line("rg", "--version")]):
            print(f"- {name}: {value}")


if __name__ == "__main__":
    main()
