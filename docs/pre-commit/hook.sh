#!/bin/sh
# Install as .git/hooks/pre-commit, and as .git/hooks/pre-merge-commit too: stops a commit that would
# add a keyctl token.
#
# keyctl scan looks for it. Where that does not work, because keyctl is not installed, is another program of the
# name, or cannot read its store, everything that fits the pattern is stopped.
set -eu
LC_ALL=C
export LC_ALL

pattern='[a-z0-9]_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}'

# A file, not a pipe: a failing git must not look like a commit without a token.
staged=$(mktemp)
trap 'rm -f "$staged"' EXIT
# Not every shell runs the EXIT trap when a signal ends it.
trap 'exit 130' INT
trap 'exit 143' TERM HUP
git diff --cached --unified=0 --text --no-color --no-ext-diff --no-textconv --find-renames \
    --src-prefix=a/ --dst-prefix=b/ >"$staged"

# What is taken out may go. With a first line as in git's log, keyctl names the file of each token.
added() {
    printf 'commit %040d\n' 0
    sed '/^-/d' "$staged"
}

stop() {
    printf '%s\n' "$1" "$2" >&2
    echo 'Take it out. If the token has been anywhere else already, disable or delete its key, or rotate it with --grace 0s.' >&2
    exit 1
}

code=0
found=$(added | "${KEYCTL:-keyctl}" scan --unknown --quiet --format lines - 2>/dev/null) || code=$?
[ "$code" != 0 ] || exit 0
if [ "$code" = 1 ] && [ -n "$found" ]; then
    found=$(printf '%s\n' "$found" | sed 's/ in 0\{12\}:/ in /; s/ in 0\{12\} / in /')
    stop 'a keyctl token would be committed:' "$found"
fi

# 1 means that nothing fits.
code=0
added | grep -aqE "$pattern" || code=$?
case $code in
    0) ;;
    1) exit 0 ;;
    *) exit "$code" ;;
esac
# The header of the file before each line that fits; git ends one with a blank in it with a tab. A name that fits is
# not shown in full.
files=$(added | grep -aE "^\+\+\+ |$pattern" | sed '/^+++ /{h;d;}; g; s/^+++ b\///' |
    tr -d '\t' | sort -u | sed -E "s/$pattern/(...)/g")
stop 'text that looks like a keyctl token would be committed, and keyctl scan does not work here; it is in:' "$files"
