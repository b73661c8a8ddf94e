#!/bin/sh
# To be .git/hooks/pre-commit: stops a commit that would add a keyctl token.
#
# Where keyctl is there, a look-alike whose checksum is wrong may pass; it is asked with no store,
# so nothing is verified. Where it is not, whatever fits the pattern is stopped.
set -eu
LC_ALL=C
export LC_ALL

pattern='kc_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}'

# A file and no pipe: a git that fails must not look like a commit without a token.
staged=$(mktemp)
trap 'rm -f "$staged"' EXIT
git diff --cached --unified=0 --text --no-color --no-ext-diff --no-textconv --no-renames >"$staged"

# keyctl says so of what has a wrong checksum before it looks for a store, and here there is none.
is_look_alike() {
    said=$(printf %s "$1" |
        "${KEYCTL:-keyctl}" verify --db "$staged.none" --format json 2>/dev/null) || :
    [ "$said" = '{"valid":false,"reason":"malformed"}' ]
}

# 1 says that there is none.
tokens=$(sed -n 's/^+//p' "$staged" | grep -aoE "$pattern") || [ $? = 1 ]

status=0
for token in $(printf '%s\n' "$tokens" | sort -u); do
    if is_look_alike "$token"; then
        continue
    fi
    status=1
    printf 'a keyctl token would be committed: %s_... in\n' "${token%_*}" >&2
    printf '%s\n' "$token" | git grep --cached --text --files-with-matches -F -f - >&2 || :
done
if [ "$status" != 0 ]; then
    echo 'Take it out. If it was anywhere else already, rotate its key or delete it.' >&2
fi
exit "$status"
