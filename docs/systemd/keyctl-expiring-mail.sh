#!/bin/sh
# Mails the list from keyctl-expiring.service to the address in its argument. Systemd starts it after
# each run that did not fail, and passes the run's exit status and ID in the environment.
set -eu

if [ "${MONITOR_EXIT_STATUS:?is set by systemd}" != 1 ]; then
    exit 0
fi
# The run's output may not have reached the journal yet.
journalctl --sync
list=$(journalctl --quiet --output=cat "_SYSTEMD_INVOCATION_ID=$MONITOR_INVOCATION_ID")
if [ -z "$list" ]; then
    list="The list is gone from the journal: see keyctl list --expired-within 2d --expiring-within 14d"
fi
# Indented: some mailers obey a line that begins with a tilde.
printf '%s\n' "$list" | sed 's/^/  /' | mail -s "API keys stop soon on $(uname -n)" "$1"
