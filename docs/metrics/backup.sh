#!/bin/sh
# Backs the store up to a new file in DIRECTORY, and writes the time of that to FILE for Prometheus.
set -eu
if [ $# -ne 2 ]; then
    echo "usage: backup.sh DIRECTORY FILE.prom" >&2
    exit 64
fi
"${KEYCTL:-keyctl}" --quiet backup "$1/keyctl-$(date -u +%Y%m%dT%H%M%SZ).db"

# The collector reads *.prom alone, so it never sees the first half of this.
umask 022
cat >"$2.new" <<END
# HELP keyctl_last_backup_timestamp_seconds Time of the last backup that was made, since the Unix epoch.
# TYPE keyctl_last_backup_timestamp_seconds gauge
keyctl_last_backup_timestamp_seconds $(date +%s)
END
mv "$2.new" "$2"
