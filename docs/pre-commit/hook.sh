#!/bin/sh
# Install as .git/hooks/pre-commit, and as .git/hooks/pre-merge-commit too: stops a commit that would
# add a keyctl token.
#
# If keyctl is installed, a look-alike with a wrong checksum may pass; keyctl is asked without a store,
# so nothing is verified. If it is not, everything that fits the pattern is stopped.
set -eu
LC_ALL=C
export LC_ALL

pattern='kc_[0-9a-hjkmnp-tv-z]{12}_[0-9A-Za-z]{49}'

# A file, not a pipe: a failing git must not look like a commit without a token.
staged=$(mktemp)
trap 'rm -f "$staged"' EXIT
# Not every shell runs the EXIT trap when a signal ends it.
trap 'exit 130' INT
trap 'exit 143' TERM HUP
git diff --cached --unified=0 --text --no-color --no-ext-diff --no-textconv --no-renames >"$staged"

# keyctl checks the checksum before it looks for a store, and here there is none.
is_look_alike() {
    said=$(printf %s "$1" |
        "${KEYCTL:-keyctl}" verify --db "$staged.none" --format json 2>/dev/null) || :
    [ "$said" = '{"valid":false,"reason":"malformed"}' ]
}

# The token at the end of the text, if there may be one. Before kc_ there may be more of its prefix, as
# in acme_kc, or something else: the checksum tells where it begins.
token_in() {
    rest=$1
    while :; do
        case $rest in
            *kc_?*_*) ;;
            *) return 1 ;;
        esac
        is_look_alike "$rest" || break
        rest=${rest#?}
    done
    printf '%s\n' "$rest"
}

# 1 means that there is none.
found=$(sed -n 's/^+//p' "$staged" | grep -aoE "[a-z0-9_]{0,22}$pattern") || [ $? = 1 ]

status=0
for text in $(printf '%s\n' "$found" | sort -u); do
    token=$(token_in "$text") || continue
    status=1
    printf 'a keyctl token would be committed: %s_... in\n' "${token%_*}" >&2
    printf '%s\n' "$token" | git grep --cached --text --files-with-matches -F -f - >&2 || :
done
if [ "$status" != 0 ]; then
    echo 'Remove it. If the token has been anywhere else already, disable or delete its key, or rotate it with --grace 0s.' >&2
fi
exit "$status"
