#!/bin/sh
# Runs a command if a token is valid for a scope, and nothing otherwise.
#
#   guard.sh SCOPE TOKEN_FILE COMMAND [ARGUMENT...]
#
# It exits as the command does; or with 77 if the token is refused, 75 if nothing can tell whether it
# is valid (try again later), 78 if keyctl is not set up, 64 if guard.sh is called incorrectly.
# Set KEYCTL to the program's name if another keyctl comes first on the PATH.
set -u

say() {
    printf 'guard: %s\n' "$*" >&2
}

if [ $# -lt 3 ]; then
    say 'usage: guard.sh SCOPE TOKEN_FILE COMMAND [ARGUMENT...]'
    exit 64
fi
scope=$1
file=$2
shift 2

# The token goes from its file to keyctl: no argument and no variable holds it.
"${KEYCTL:-keyctl}" verify --scope="$scope" --key-file="$file" >/dev/null
code=$?

# Only 0 grants access. Every other code ends here, whatever it means.
case $code in
    0) exec "$@" ;;
    1) say '401: not a valid key'; exit 77 ;;
    6) say "403: this key may not do $scope"; exit 77 ;;
    2 | 126 | 127) say "keyctl is not set up (exit code $code)"; exit 78 ;;
    *) say "503: cannot tell (exit code $code)"; exit 75 ;;
esac
