#!/bin/sh
# receive-backlog - how fast the receiver takes instances in while many wait in incoming/, since no router takes them.
#
# Usage: receive-backlog.sh BUILD [ROUNDS [WAITING...]]
#
# WAITING files (0, 100000 and 1000000) are there, empty ones, when the receiver starts; then instances of 5 KB come over
# one association and over four, senders with nagle off. The receiver knows no database, so what waits further on, in queue/, or is
# finished, is nothing to it. In turn, ROUNDS times (1). The files are below $TMPDIR, or /tmp: a million need as many free inodes.
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-1}
[ $# -le 2 ] && set -- 0 100000 1000000 || shift 2
folder=$(mktemp -d)
# shellcheck disable=SC2034 # reception.sh uses them
port=$((20000 + $$ % 20000)) server='' reaper='' preload='' state='' instances=500
. "$(dirname "$0")/reception.sh"
trap 'stop_server; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# row WAITING: the state of the receiver is filled before it starts.
row()
{
    start_receiver
    stop_server
    [ "$1" -eq 0 ] || (cd "$state/spool/incoming" && seq -f '%032.0f.dcm' 1 "$1" | xargs touch)
    run_receiver
    ticks=$(cpu_of "$server")
    measure "$1" on 1 "$folder/in" "$instances"
    measure "$1" on 4 "$folder/in" "$instances"
    echo "$1-cpu $((5 * instances)) $(($(cpu_of "$server") - ticks))" >>"$folder/table"
    stop_server
    rm -rf "$state"
}

: >"$folder/table"
"$build/tests/make-dicom" --out "$folder/in" --studies 4 --series 1 --instances "$instances" --size 5K >/dev/null
for _ in $(seq 1 "$rounds"); do
    for waiting in "$@"; do
        row "$waiting"
    done
done
echo "the files are on: $(journal "$folder")"
printf '%10s  %18s  %18s  %s\n' waiting '1 association' '4 associations' 'processor time an instance'
awk -v rows="$*" -v hertz="$(getconf CLK_TCK)" '
    { count[$1] += $2; time[$1] += $3 }
    END {
        n = split(rows, row, " ")
        for (i = 1; i <= n; i++)
            printf "%10d  %16.0f/s  %16.0f/s  %.2f ms\n", row[i], count[row[i] "-1"] / time[row[i] "-1"] * 1e9,
                count[row[i] "-4"] / time[row[i] "-4"] * 1e9, time[row[i] "-cpu"] * 1000 / hertz / count[row[i] "-cpu"]
    }' "$folder/table"
echo "load average: $(cut -d' ' -f1-3 /proc/loadavg)"
