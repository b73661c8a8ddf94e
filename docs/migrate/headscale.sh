#!/bin/sh
# Makes a key for each API key of headscale that still works, with the same end where policy allows,
# and puts its token into DIRECTORY/headscale-ID.token.
#
#   headscale apikeys list -o json | headscale.sh OWNER SCOPE DIRECTORY
#
# To be run by an administrator of the store, or by OWNER. Run again, it makes those that are missing.
# It needs jq. KEYCTL names the program where another keyctl comes first on the PATH.
set -eu
umask 077

say() {
    printf 'headscale: %s\n' "$*" >&2
}

if [ $# != 3 ]; then
    say 'usage: headscale.sh OWNER SCOPE DIRECTORY'
    exit 64
fi
owner=$1
scope=$2
directory=$3
case $("${KEYCTL:-keyctl}" --version 2>/dev/null) in
    'keyctl '[0-9]*) ;;
    *) say "${KEYCTL:-keyctl} is not there, or is another keyctl: name this one, as KEYCTL=api-keyctl"
       exit 78 ;;
esac

# To 0.29 a time is an object of seconds and nanoseconds, from 0.30 on a text. None is written as
# null, as nothing, or as the year 1. What stands between two fields is no blank: those would merge
# where a field is empty.
rows=$(jq -r '
    def time:
        if type == "object" then (.seconds // 0) as $at | if $at > 0 then $at | todate else "never" end
        elif . == null or startswith("0001-") then "never"
        else . end;
    def is_past: (try (sub("\\.[0-9]+"; "") | fromdate) catch now) < now;
    if type == "array" or . == null then . else error("not a list of API keys") end
    | .[]?
    | (.expiration | time) as $stops
    | [.id, .prefix // "", $stops, if $stops | is_past then "past" else "" end]
    | map(tostring | gsub("[\u0000-\u001f]"; "?")) | join("\u001f")
')
mkdir -p "$directory"
chmod 0700 "$directory"

create() {
    "${KEYCTL:-keyctl}" create --owner="$owner" --name "$name" --label from=headscale \
        --label "headscale=$prefix" --scope="$scope" --secret-file "$directory/$name.token" "$@"
}

separator=$(printf '\037')
status=0
exec 3<<END
$rows
END
while IFS=$separator read -r id prefix expires past <&3; do
    case $id in
        '') continue ;;
        *[!0-9]*) say "no key for '$id': that is no ID"; status=1; continue ;;
    esac
    if [ -z "$prefix" ]; then
        say "no key for $id: it has no prefix to be labelled with"
        status=1
        continue
    fi
    name=headscale-$id
    made=$("${KEYCTL:-keyctl}" list --state all --owner="$owner" --label "headscale=$prefix" --format ids)
    if [ -n "$made" ]; then
        say "$prefix has one already"
        continue
    fi
    if [ -n "$past" ]; then
        say "$prefix has expired: no key for it"
        continue
    fi
    if [ -e "$directory/$name.token" ]; then
        say "$directory/$name.token is there, but no such key: remove it if an earlier run was cut short"
        status=1
        continue
    fi
    # 4 is a refusal: where the end lies behind what policy allows, policy sets one.
    code=0
    create --expires "$expires" || code=$?
    if [ "$code" = 4 ]; then
        say "$prefix: not with that end; asking for the usual one"
        create || status=1
    elif [ "$code" != 0 ]; then
        status=1
    fi
done
exit "$status"
