#!/usr/bin/env python3
"""Draws the pictures of the README and the guide from what the program writes at a terminal.

    docs/pictures/draw.py                   draw them all anew
    docs/pictures/draw.py --check           exit with 1 and name those that would be drawn otherwise
    docs/pictures/draw.py --keyctl PATH     by this program, not the one in target/

Each command is run by the real program at a real pseudo-terminal, by a user alice and at a time that
stands still: see stage.py, which also says what of that is not real. Where it cannot be done, the exit
code is 77.
"""

import sys

sys.dont_write_bytecode = True

import argparse
import tempfile
from pathlib import Path

import screen
import svg
from guarded import Guarded
from stage import Missing, Stage

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent.parent / "target"

CANNOT = 77


def pictures(stage):
    """The pictures, as `taken` gives them: a story in one store."""
    create = "keyctl create --scope inference"
    stage.at("2026-11-22T09:00:00")
    yield taken(stage, "create", "keyctl create", 92, f"{create} --expires 90d --name ci-deploy")
    stage.keep_token("ci.token")

    stage.at("2026-11-22T09:01:15")
    yield taken(
        stage, "verify-denied", "keyctl verify, granted and denied", 104,
        "keyctl verify --scope inference --key-file ci.token",
        "keyctl verify --scope project --key-file ci.token; echo $?",
    )

    for line in [
        "keyctl create --scope project --name trainer --label team=search",
        f"{create} --name demo --expires 30m",
        f"{create} --name old-bot",
        f"{create} --name indexer --expires 180d",
        "keyctl disable old-bot",
        "keyctl rotate indexer --grace 24h",
    ]:
        stage.run(line, 80)

    stage.at("2026-11-22T12:00:00")
    yield taken(stage, "show", "keyctl show", 72, "keyctl show ci-deploy")
    yield taken(stage, "list", "keyctl list", 110, "keyctl list")
    metrics = r"keyctl metrics | grep -E '^keyctl_(usable|expiring|next|log)'"
    yield taken(stage, "metrics", "keyctl metrics", 84, metrics)
    yield taken(stage, "list-narrow", "keyctl list on 60 columns", 60, "keyctl list")
    yes = [("[y/N] ", "y\r")]
    yield taken(stage, "prompt", "keyctl delete asks first", 80, "keyctl delete old-bot", answers=yes)

    stage.at("2026-11-22T12:05:00")
    with Guarded(stage) as guarded:
        stage.run(f"{create} --name laptop --secret-file laptop.token", 80)
        name, title, columns, asked = taken(
            stage, "serve", "keyctl serve behind nginx", 88,
            "ask laptop.token; jq -r '.choices[0].message.content' answer.json",
            'keyctl disable - -m "leaked in a log" < laptop.token',
            "ask laptop.token",
        )
        guarded.wait_for_log('"status":401')
        line = "tail -n 1 serve.log | jq -cM '{at, status, reason, key}'"
        yield name, title, columns, [*asked, (line, stage.run(line, columns))]

    # Each in a script that is wide, has signs beyond ASCII or runs right to left.
    for name in ["検索サービス", "한국어-봇", "größe-🔑", "חיפוש", "البحث"]:
        stage.run(f"{create} --owner bob --expires 30d --name {name}", 80)
    title = "keyctl list of names in other scripts"
    yield taken(stage, "list-scripts", title, 104, "keyctl list --owner bob")


def taken(stage, name, title, columns, *commands, answers=()):
    """A picture's name, title and columns, and each command line with what it showed."""
    return name, title, columns, [(line, stage.run(line, columns, answers)) for line in commands]


def drawn(keyctl):
    """Every file that belongs beside this script, by its name."""
    with tempfile.TemporaryDirectory() as directory:
        stage = Stage(keyctl, directory)
        # All of them first: an ID is known once its key is there.
        story = list(pictures(stage))
        files = {}
        for name, title, columns, commands in story:
            lines = []
            for command, output in commands:
                lines.append(screen.typed(command))
                lines.extend(screen.lines(stage.for_all(output), columns))
            for theme in svg.THEMES:
                files[f"{name}-{theme}.svg"] = svg.picture(title, lines, columns, theme)
        return files


def difference(name, expected):
    """How the file `name` differs from what it should be, or None."""
    path = HERE / name
    if expected is None:
        return "does not belong here"
    if not path.exists():
        return "is not there"
    found = path.read_text(encoding="utf-8")
    if found == expected:
        return None
    shown, was_shown = described(expected), described(found)
    if shown != was_shown:
        return f"would show\n{shown}\nand shows\n{was_shown}"
    for number, (old, new) in enumerate(zip(found.splitlines(), expected.splitlines()), 1):
        if old != new:
            return f"line {number} would be drawn as {new}"
    return "has more lines, or fewer"


def described(picture):
    """What a picture shows, in words."""
    return picture.partition('<desc id="desc">')[2].partition("</desc>")[0]


def check(files):
    """Says which pictures are not as they would be drawn, and whether there are any."""
    names = sorted(set(files) | {path.name for path in HERE.glob("*.svg")})
    wrong = [(name, difference(name, files.get(name))) for name in names]
    wrong = [(name, why) for name, why in wrong if why]
    for name, why in wrong:
        print(f"docs/pictures/{name}: {why}", file=sys.stderr)
    if wrong:
        print("to draw them anew: docs/pictures/draw.py", file=sys.stderr)
    return bool(wrong)


def built():
    """The program that cargo has built."""
    for profile in ("release", "debug"):
        if (TARGET / profile / "keyctl").exists():
            return TARGET / profile / "keyctl"
    raise Missing("no keyctl in target/: build it, or say --keyctl PATH")


def main():
    parser = argparse.ArgumentParser(description="Draws the README's pictures.")
    parser.add_argument("--keyctl", type=Path, help="the program [default: the one in target/]")
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    args = parser.parse_args()
    svg.check_contrast()
    try:
        files = drawn((args.keyctl or built()).resolve())
    except Missing as missing:
        print(missing, file=sys.stderr)
        return CANNOT
    if args.check:
        return int(check(files))
    for path in HERE.glob("*.svg"):
        path.unlink()
    for name, text in files.items():
        (HERE / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
