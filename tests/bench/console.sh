#!/bin/sh
# console - whether reception and sending notice a console at which fifty browsers look.
#
# Usage: console.sh BUILD [ROUNDS]
#
# In each round the same studies travel twice from storescu through all processes to the simulated KHEOPS: without a console, and with
# one that fifty browsers ask every 2 s (bench_browsers); the order changes from round to round. Prints the rates, and their
# ratio. The files are below $TMPDIR, or /tmp.
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-3}
folder=$(mktemp -d)
port=$((20000 + $$ % 10000))
pids=''
# shellcheck disable=SC2034
kheops_port='' admin_port='' # processes.sh sets them
. "$(dirname "$0")/processes.sh"
trap 'stop_all; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

studies=4 instances=250 browsing=600

# travel KIND: "with" or "without".
travel()
{
    start_kheops
    port=$((port + 2))
    state=$(mktemp -d "$folder/state.XXXXXX")
    { echo; [ "$1" = without ] || echo "console: { port: $((port + 1)) }"; } | write_configuration "$state"
    "$build/bin/felucca" up --config "$folder/felucca.yaml" >"$folder/felucca.log" 2>&1 &
    pids="$! $pids"
    until_true 30 echoscu -aec FELUCCA 127.0.0.1 "$port"
    if [ "$1" = with ]; then
        until_true 30 curl -sf -o /dev/null "http://127.0.0.1:$((port + 1))/"
        "$build/tests/bench_browsers" "$((port + 1))" "$browsing" >"$folder/browsers.log" 2>&1 &
        pids="$! $pids"
        sleep 3 # all of them look
    fi
    begin=$(date +%s%N)
    senders=
    for study in "$folder"/studies/study-*; do
        storescu -aec FELUCCA +sd 127.0.0.1 "$port" "$study" >"$folder/storescu.log" 2>&1 &
        senders="$senders $!"
    done
    for sender in $senders; do
        wait "$sender" || fail "storescu failed"
    done
    received=$(date +%s%N)
    until_true 120 stored_at_least "$admin_port" $((studies * instances))
    delivered=$(date +%s%N)
    echo "$1 $((received - begin)) $((delivered - begin))" >>"$folder/table"
    stop_all
}

"$build/tests/make-dicom" --out "$folder/studies" --studies "$studies" --series 1 --instances "$instances" --size 529K \
    --seed 1 >/dev/null
round=0
while [ "$round" -lt "$rounds" ]; do
    if [ $((round % 2)) -eq 0 ]; then travel without; travel with; else travel with; travel without; fi
    round=$((round + 1))
done
awk -v count=$((studies * instances)) '
    { received[$1] += $2 / 1e9; delivered[$1] += $3 / 1e9; rounds[$1]++ }
    function rate(time, kind) { return rounds[kind] * count / time[kind] }
    END {
        printf "%-28s %10s %10s %8s\n", "instances/s", "without", "with", "ratio"
        printf "%-28s %10.0f %10.0f %8.2f\n", "received", rate(received, "without"), rate(received, "with"), rate(received, "with") / rate(received, "without")
        printf "%-28s %10.0f %10.0f %8.2f\n", "delivered, end to end", rate(delivered, "without"), rate(delivered, "with"), rate(delivered, "with") / rate(delivered, "without")
    }' "$folder/table"
