#!/bin/sh
# Derives once at the start and then every night at REGISTRY_NIGHTLY_AT (02:00), local time.
# A night that fails is said on standard error and tried again the next night.
set -eu
at=${REGISTRY_NIGHTLY_AT:-02:00}
while :; do
    if registry db upgrade && registry derive; then
        echo "$(date '+%F %T') derived" >&2
    else
        echo "$(date '+%F %T') the derivation failed" >&2
    fi
    if [ "${1:-}" = "--once" ]; then
        exit 0
    fi
    now=$(date +%s)
    next=$(date -d "today $at" +%s)
    [ "$next" -gt "$now" ] || next=$(date -d "tomorrow $at" +%s)
    sleep $((next - now))
done
