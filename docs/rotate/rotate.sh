#!/bin/sh
# Gives a service a new token in place of the one that it uses, without an outage.
#
#   rotate.sh TOKEN_FILE GRACE COMMAND [ARGUMENT...]
#
# The command makes the service read TOKEN_FILE again. Until the grace is over the old token works
# too. Cut short anywhere, or after a command that failed: run it again, and it goes on from there.
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

verdict() {
    "${KEYCTL:-keyctl}" verify --no-touch --format json --key-file "$1" || :
}

# With the wrong store, every token would look like one of no key.
case $(verdict "$file") in
    '{"valid":true,'* | '{"valid":false,'*'"id":'*) ;;
    *) say "the token in $file is of no key in this store, or the store cannot be read"; exit 1 ;;
esac

# What an earlier run left: the token of a key that was made, or of one that was not.
if [ -e "$new" ]; then
    case $(verdict "$new") in
        '{"valid":true,'*) ;;
        *'"reason":"unknown"'* | *'"reason":"malformed"'*) rm "$new" ;;
        *) say "$new is there, and is not what an earlier run would leave"; exit 1 ;;
    esac
fi

# Which key it is, its token says: that goes in by the pipe.
if [ ! -e "$new" ]; then
    "${KEYCTL:-keyctl}" rotate - --grace "$grace" --secret-file "$new" <"$file"
fi

# Whoever opens the file finds the old token or the new one, and both work.
if ! cmp -s "$new" "$file"; then
    rm -f "$next"
    ln "$new" "$next"
    mv -f "$next" "$file"
fi

# Until this has worked, the second name stays: it says that it is still to be done.
"$@"
rm "$new"
