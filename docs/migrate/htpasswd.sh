#!/bin/sh
# Makes a key for each user in a .htpasswd file, and puts its token into DIRECTORY/USER.token.
#
#   htpasswd.sh HTPASSWD SCOPE DIRECTORY [EXPIRES]
#
# To be run by an administrator of the store. Run again, it makes keys for those who have none yet.
# KEYCTL names the program where another keyctl comes first on the PATH.
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
    *) say "${KEYCTL:-keyctl} is not there, or is another keyctl: name this one, as KEYCTL=api-keyctl"
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
    # Deleted and replaced ones count: who had a key from here gets no second one.
    made=$("${KEYCTL:-keyctl}" list --state all --owner="$user" --label from=htpasswd --format ids)
    if [ -n "$made" ]; then
        say "$user has one already"
        continue
    fi
    if [ -e "$directory/$user.token" ]; then
        say "$directory/$user.token is there, but no such key: remove it if an earlier run was cut short"
        status=1
        continue
    fi
    # The name is taken once for each owner, so two runs at once make one key.
    "${KEYCTL:-keyctl}" create --owner="$user" --name from-htpasswd --label from=htpasswd \
        --scope="$scope" ${expires:+"--expires=$expires"} \
        --secret-file "$directory/$user.token" || status=1
done
exit "$status"
