#!/bin/sh
# Creates a key for each headscale API key that still works, with the same expiry if policy allows it,
# and puts its token into DIRECTORY/headscale-ID.token.
#
#   headscale apikeys list -o json | headscale.sh OWNER SCOPE DIRECTORY
#
# Run it as an administrator of the store, or as OWNER. Run again, it creates those that are missing.
# It needs jq. Set KEYCTL to the program's name if another keyctl comes first on the PATH.
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
    *) say "${KEYCTL:-keyctl} is missing or is another keyctl: name this one, for example KEYCTL=api-keyctl"
       exit 78 ;;
esac

# Up to 0.29 a time is an object of seconds and nanoseconds, from 0.30 on a string. "None" is written
# as null, as an empty value, or as the year 1. The separator is not whitespace: read would merge two
# separators around an empty field.
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
        *[!0-9]*) say "no key for '$id': not an ID"; status=1; continue ;;
    esac
    if [ -z "$prefix" ]; then
        say "no key for $id: it has no prefix to use as a label"
        status=1
        continue
    fi
    name=headscale-$id
    made=$("${KEYCTL:-keyctl}" list --state all --owner="$owner" --label "headscale=$prefix" --format ids)
    if [ -n "$made" ]; then
        say "$prefix already has a key"
        continue
    fi
    if [ -n "$past" ]; then
        say "$prefix has expired: no key created"
        continue
    fi
    if [ -e "$directory/$name.token" ]; then
        say "$directory/$name.token exists, but its key does not: remove it if an earlier run was interrupted"
        status=1
        continue
    fi
    # 4 is a refusal: if the expiry is later than policy allows, use policy's default.
    code=0
    create --expires "$expires" || code=$?
    if [ "$code" = 4 ]; then
        say "$prefix: that expiry is not allowed; using the default"
        create || status=1
    elif [ "$code" != 0 ]; then
        status=1
    fi
done
exit "$status"
