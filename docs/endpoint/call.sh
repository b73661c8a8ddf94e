#!/bin/sh
# Sends standard input to a model endpoint, with the token in a file as its x-api-key header.
#
#   call.sh URL TOKEN_FILE <PROMPT
#
# It prints the answer, and exits with 22 if that is an error. The header goes to curl through a pipe:
# as an argument, every user of the machine could read it with ps.
set -eu

url=$1
file=$2
exec 3<&0
{
    printf 'x-api-key: '
    cat "$file"
} | curl --silent --show-error --fail-with-body --header @- --data-binary @/dev/fd/3 "$url"
