#!/bin/sh
# Gives a service a new token in place of the one it uses, without an outage.
#
#   rotate.sh TOKEN_FILE GRACE COMMAND [ARGUMENT...]
#
# The command makes the service read TOKEN_FILE again. The old token works until the grace period ends.
# If it is interrupted anywhere, or the command fails, run it again: it continues from there.
# Set KEYCTL to the program's name if another keyctl comes first on the PATH. It needs flock.
set -eu
umask 077

say() {
    printf 'rotate: %s\n' "$*" >&2
}

if [ $# -lt 3 ]; then
    say 'usage: rotate.sh TOKEN_FILE GRACE COMMAND [ARGUMENT...]'
    exit 64
fi
file=$1
grace=$2
shift 2
new=$file.new
next=$file.next
void=$new.void

case $grace in
    *[1-9]*) ;;
    *) say "'$grace' is not a grace period: the old token has to work until the service has the new one, for example 24h"
       exit 64 ;;
esac
if [ ! -f "$file" ] || [ ! -r "$file" ]; then
    say "$file does not exist, is not a regular file, or cannot be read"
    exit 1
fi
keyctl=${KEYCTL:-keyctl}
case $("$keyctl" --version 2>/dev/null) in
    'keyctl '[0-9]*) ;;
    *) say "$keyctl is missing or is another keyctl: name this one, for example KEYCTL=api-keyctl"; exit 78 ;;
esac
command -v flock >/dev/null || { say 'flock is missing: install util-linux'; exit 78; }

# One run at a time: a token whose key is still being created looks like one left behind by a kill.
# The lock is released when the last process that holds it ends, however that happens.
exec 9>>"$file.lock"
flock -n 9 || { say "another run is using $file: nothing was changed"; exit 75; }

verdict() {
    "$keyctl" verify --no-touch --format json --key-file "$1" 2>/dev/null || :
}

# The value of the first field of this name in a JSON object; a string.
field() {
    value=${2#*"\"$1\":\""}
    printf '%s\n' "${value%%\"*}"
}

not_left() {
    say "$1 exists, but is not what an earlier run would leave: look at it, and move it away"
    exit 1
}

# In the wrong store, every token would look as if it belonged to no key.
old=$(verdict "$file")
case $old in
    '{"valid":true,'* | '{"valid":false,'*'"id":'*) ;;
    *)
        "$keyctl" verify --no-touch --key-file "$file" >/dev/null || :
        say "the token in $file belongs to no key in this store, or the store cannot be read"
        exit 1 ;;
esac

# Whether the new token is the one the service should get: it has it already, or its key replaced the
# old one. Any other key's token could let the service do something else.
is_successor() {
    cmp -s "$new" "$file" && return
    shown=$("$keyctl" show "$(field id "$old")" --format json) || return
    # A label may have the field's name; the field stands behind all labels.
    case ${shown##*'"replaced_by":'} in
        "\"$1\""*) ;;
        *) return 1 ;;
    esac
}

# Whether the new file is empty, or holds the beginning of a token and nothing else.
is_beginning() {
    prefix=$(sed -n '1s/_[^_]*_[^_]*$//p' "$file")
    [ "$(wc -l <"$new")" -le 1 ] &&
        ! grep -Evqx "${prefix}_[0-9a-hjkmnp-tv-z]{0,12}(_[0-9A-Za-z]{0,48})?" "$new"
}

# What an earlier run left: the token of a key that was created, or of one that was not. The latter
# cannot be told from the token of a key in another store, so it is kept.
if [ -e "$new" ]; then
    left=$(verdict "$new")
    case $left in
        '{"valid":true,'*)
            id=$(field id "$left")
            is_successor "$id" || not_left "$new"
            say "going on with an earlier run's rotation, to $id" ;;
        *'"reason":"unknown"'*)
            if [ -e "$void" ] || [ -L "$void" ]; then
                say "the token in $new belongs to no key in this store, and $void already exists: look at both, and move them away"
                exit 1
            fi
            mv "$new" "$void"
            say "the token in $new belongs to no key in this store: moved it to $void" ;;
        *'"reason":"malformed"'*)
            is_beginning || not_left "$new"
            rm "$new" ;;
        *) not_left "$new" ;;
    esac
fi
if [ -e "$next" ] && ! cmp -s "$next" "$new"; then
    not_left "$next"
fi

# The token tells which key to rotate. It goes in on standard input.
if [ ! -e "$new" ]; then
    "$keyctl" rotate - --grace "$grace" --secret-file "$new" <"$file"
fi

# Whoever opens the file finds the old token or the new one, and both work.
if ! cmp -s "$new" "$file"; then
    [ -e "$next" ] || ln "$new" "$next"
    mv -f "$next" "$file"
fi

# The second name stays until this has worked: it marks unfinished work. Processes that the command
# leaves running do not keep the lock.
"$@" 9>&-
rm "$new"
