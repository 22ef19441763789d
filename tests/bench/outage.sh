#!/bin/sh
# outage - how long a backlog lasts after KHEOPS has come back, with all four processes.
#
# Usage: outage.sh BUILD [STUDIES]
#
# Studies of 1,000 instances of 5 KB (10 of them unless told) arrive while nobody listens where KHEOPS was, with
# the default waits of `retry`. Then it listens again. Prints how long until the first instance is stored, which
# is the rest of the destination's wait, and from then until all are, beside the time that receiving them took.
set -eu
build=$(cd "$1" && pwd)
studies=${2:-10}
wanted=$((studies * 1000))
folder=$(mktemp -d)
port=$((20000 + $$ % 10000))
pids=''
admin_port=''
. "$(dirname "$0")/processes.sh"
trap 'stop_all; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

away() { curl -sf -d "{\"away\":$1}" "http://127.0.0.1:$admin_port/sim/away"; }
backing_off() { "$build/bin/felucca" status --config "$folder/felucca.yaml" --json | grep -q '"state": *"backing off"'; }
queued() { sqlite3 -readonly "$folder/state/jobs.db" 'SELECT sum(queued) FROM destination' | grep -qx "$wanted"; }

"$build/tests/make-dicom" --out "$folder/studies" --studies "$studies" --series 10 --instances 100 --size 5K >/dev/null
start_kheops
write_configuration "$folder/state" </dev/null
mkdir "$folder/state"
away true >/dev/null || fail "the simulated KHEOPS does not go away"
"$build/bin/felucca" up --config "$folder/felucca.yaml" >"$folder/felucca.log" 2>&1 &
pids="$pids $!"
until_true 20 echoscu -aec FELUCCA 127.0.0.1 "$port"

begin=$(date +%s%N)
storescu -aec FELUCCA +sd +r 127.0.0.1 "$port" "$folder/studies" >"$folder/storescu.log" 2>&1 || fail "storescu failed"
received=$(date +%s%N)
until_true 60 queued
until_true 60 backing_off
back=$(date +%s%N)
away false >/dev/null || fail "the simulated KHEOPS does not come back"
until_true 1000 stored_at_least "$admin_port" 1
first=$(date +%s%N)
until_true 600 stored_at_least "$admin_port" "$wanted"
last=$(date +%s%N)

awk -v n="$wanted" -v receive="$((received - begin))" -v wait="$((first - back))" -v drain="$((last - first))" 'BEGIN {
    printf "%d instances of 5 KB received in %.1f s while KHEOPS was away\n", n, receive / 1e9
    printf "  from its return to the first one stored  %6.1f s   (the wait before the next probe)\n", wait / 1e9
    printf "  from then until the backlog is empty     %6.1f s   %.2f of the time of receiving\n", drain / 1e9, drain / receive
}'
