#!/bin/sh
# slow-flush - how fast the receiver takes instances in where each flush takes 0, 2 and 10 ms longer than on this disk, against
# DCMTK's storescp, which flushes nothing.
#
# Usage: slow-flush.sh BUILD [ROUNDS]
#
# All in one run, the measurements in turn, ROUNDS times (3): storescu and storescp with nagle off (TCP_NODELAY=1), one and four
# associations, files removed as fast as they come. The receiver waits for two flushes an instance (slow_flush.c is in
# front of it), so with one association 2 ms more are at most 250 instances a second, and 10 ms more 50. The files are
# below $TMPDIR, or /tmp (300 MB).
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-3}
folder=$(mktemp -d)
# shellcheck disable=SC2034 # reception.sh uses them
port=$((20000 + $$ % 20000)) server='' reaper='' preload='' state=''
. "$(dirname "$0")/reception.sh"
trap 'stop_server; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# both NAME INPUT INSTANCES FOLDER: one association, then four, while files go from the folder.
both()
{
    reap "$4"
    measure "$1" on 1 "$2" "$3"
    measure "$1" on 4 "$2" "$3"
    stop_server
    rm -rf "$4"
}

round()
{
    kept=$(out)
    start on storescp --fork --bit-preserving -aet FELUCCA -od "$kept"
    both plain "$1" "$2" "$kept"
    for ms in 0 2 10; do
        export SLOW_FLUSH_MS=$ms
        preload=$build/tests/slow_flush.so start_receiver
        both "slow$ms" "$1" "$2" "$state/spool/incoming"
    done
}

report()
{
    awk -v title="$1" '
        { count[$1] += $2; time[$1] += $3 / 1e9 }
        function rate(name) { return count[name] / time[name] }
        function row(label, name) {
            printf "  %-44s %8.0f %5.2f %12.0f %5.2f\n", label, rate(name "-1"), rate(name "-1") / rate("plain-1"), rate(name "-4"),
                rate(name "-4") / rate("plain-4")
        }
        END {
            printf "\n%s: instances/s, and / storescp          1 association    4 associations\n", title
            row("storescp, nagle off, not durable", "plain")
            row("felucca-receiver, durable", "slow0")
            row("... each flush 2 ms longer", "slow2")
            row("... each flush 10 ms longer", "slow10")
        }' "$folder/table"
    echo "  load average: $(cut -d' ' -f1-3 /proc/loadavg)"
}

# bench NAME SIZE INSTANCES
bench()
{
    : >"$folder/table"
    "$build/tests/make-dicom" --out "$folder/in" --studies 4 --series 1 --instances "$3" --size "$2" >/dev/null
    for _ in $(seq 1 "$rounds"); do
        round "$folder/in" "$3"
    done
    report "$1"
    rm -rf "$folder/in"
}

echo "the files are on: $(journal "$folder")"
bench "CT-like, 529 KB" 529K 100
bench "small, 5 KB" 5K 200
