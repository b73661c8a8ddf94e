#!/bin/sh
# Creates a key for each user in a .htpasswd file, and puts its token into DIRECTORY/USER.token.
#
#   htpasswd.sh HTPASSWD SCOPE DIRECTORY [EXPIRES]
#
# Run it as an administrator of the store. Run again, it creates keys for those who have none yet.
# Set KEYCTL to the program's name if another keyctl comes first on the PATH.
set -eu
umask 077

say() {
    printf 'htpasswd: %s\n' "$*" >&2
}

if [ $# -lt 3 ] || [ $# -gt 4 ]; then
    say 'usage: htpasswd.sh HTPASSWD SCOPE DIRECTORY [EXPIRES]'
    exit 64
fi
scope=$2
directory=$3
expires=${4-}
case $("${KEYCTL:-keyctl}" --version 2>/dev/null) in
    'keyctl '[0-9]*) ;;
    *) say "${KEYCTL:-keyctl} is missing or is another keyctl: name this one, for example KEYCTL=api-keyctl"
       exit 78 ;;
esac
exec 3<"$1"
mkdir -p "$directory"
chmod 0700 "$directory"

status=0
while IFS=: read -r user _ <&3 || [ -n "$user" ]; do
    case $user in
        '' | '#'*) continue ;;
        */*) say "no key for '$user': the name has a '/'"; status=1; continue ;;
    esac
    # Deleted and replaced keys count: whoever got a key from here gets no second one.
    made=$("${KEYCTL:-keyctl}" list --state all --owner="$user" --label from=htpasswd --format ids)
    if [ -n "$made" ]; then
        say "$user already has a key"
        continue
    fi
    if [ -e "$directory/$user.token" ]; then
        say "$directory/$user.token exists, but its key does not: remove it if an earlier run was interrupted"
        status=1
        continue
    fi
    # Each owner can use the name only once, so two runs at once create one key.
    "${KEYCTL:-keyctl}" create --owner="$user" --name from-htpasswd --label from=htpasswd \
        --scope="$scope" ${expires:+"--expires=$expires"} \
        --secret-file "$directory/$user.token" || status=1
done
exit "$status"
