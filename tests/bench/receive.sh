#!/bin/sh
# receive - how fast the receiver takes instances in, against DCMTK's storescp and against the disk.
#
# Usage: receive.sh BUILD [ROUNDS]
#
# All in one run, the measurements in turn, since a disk's mood changes from minute to minute. The sender is
# always storescu as installed; "nagle off" means TCP_NODELAY=1 for sender and storescp. With a, the rate of
# storescp --ignore with nagle off (the sender's own limit), and b, the disk's limit (bench_disk), it prints the
# goals beside what was reached, then processor time per instance and the peak memory of an association's process
# for instances of 529 KB and 1 GiB. For these nothing is removed before the end.
# "Steady" is a spool that is as full as before: the files go at the rate at which they come (bench_reaper), for storescp as
# for the receiver, and both have senders with nagle off. Beside it, what the disk does where a file that is there is
# written over and flushed, without and with early writing.
# The files are below $TMPDIR, or /tmp (about 3 GB a round). What is printed first says what that is on: ext4 without a
# journal makes and removes files in quite another time than with one (docs/decisions/0039).
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-3}
folder=$(mktemp -d)
port=$((20000 + $$ % 20000))
# shellcheck disable=SC2034 # reception.sh uses them
server='' reaper='' state=''
. "$(dirname "$0")/reception.sh"
trap 'stop_server; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# disk NAME WAY SIZE COUNT: the disk's limit for one writer and four.
disk()
{
    for writers in 1 4; do
        "$build/tests/bench_disk" "$folder" "$3" "$4" "$writers" "$2" | awk -v name="$1" -v writers="$writers" -v count="$4" \
            '{ printf "%s-%d %d %.0f\n", name, writers, count * writers, count * writers / $1 * 1e9 }' >>"$folder/table"
    done
}

round()
{
    input=$1 few=$2 many=$3
    start off storescp --fork --bit-preserving -aet FELUCCA -od "$(out)"
    measure installed off 1 "$input-few" "$few"
    measure installed off 4 "$input-few" "$few"
    stop_server
    start on storescp --fork --bit-preserving -aet FELUCCA -od "$(out)"
    measure nodelay on 1 "$input" "$many"
    measure nodelay on 4 "$input" "$many"
    stop_server
    start on storescp --fork --ignore -aet FELUCCA
    measure ignore on 1 "$input" "$many"
    measure ignore on 4 "$input" "$many"
    stop_server
    start_receiver
    measure receiver off 1 "$input" "$many"
    measure receiver off 4 "$input" "$many"
    cpu_of "$server" >>"$folder/cpu"
    stored=$(find "$state/spool/incoming" -name '*.dcm' | wc -l)
    [ "$stored" -eq $((5 * many)) ] || { echo "stored $stored of $((5 * many)) instances" >&2; exit 1; }
    stop_server
    rm -rf "$state"
    steady_round "$input" "$many"
}

steady_round()
{
    input=$1 many=$2
    kept=$(out)
    start on storescp --fork --bit-preserving -aet FELUCCA -od "$kept"
    reap "$kept"
    measure plain on 1 "$input" "$many"
    measure plain on 4 "$input" "$many"
    stop_server
    start_receiver
    reap "$state/spool/incoming"
    measure steady on 1 "$input" "$many"
    measure steady on 4 "$input" "$many"
    cpu_of "$server" >>"$folder/cpu-steady"
    stop_reaper
    stored=$(($(cat "$folder/reaped") + $(find "$state/spool/incoming" -name '*.dcm' | wc -l)))
    [ "$stored" -eq $((5 * many)) ] || { echo "steady: stored $stored of $((5 * many)) instances" >&2; exit 1; }
    stop_server
}

report()
{
    awk -v title="$1" -v instances=$((5 * $2 * rounds)) -v hertz="$(getconf CLK_TCK)" '
        FILENAME ~ /cpu$/ { ticks += $1; next }
        FILENAME ~ /cpu-steady$/ { steady_ticks += $1; next }
        { count[$1] += $2; time[$1] += $3 / 1e9 }
        function rate(name) { return count[name] / time[name] }
        function goal(label, reached, wanted) {
            printf "  %-44s %8.2f   goal %6.2f   %s\n", label, reached, wanted, (reached >= wanted ? "reached" : "MISSED")
        }
        END {
            printf "\n%s: instances/s                          1 association  4 associations\n", title
            n = split("installed nodelay ignore disk receiver plain steady over early", names)
            label["installed"] = "storescp --bit-preserving as installed"
            label["nodelay"] = "storescp --bit-preserving, nagle off"
            label["ignore"] = "storescp --ignore, nagle off (a)"
            label["disk"] = "the disk alone, durable (b)"
            label["receiver"] = "felucca-receiver, durable"
            label["plain"] = "steady: storescp, nagle off, not durable (c)"
            label["steady"] = "steady: felucca-receiver, nagle off, durable"
            label["over"] = "the disk alone, written over, fdatasync (d)"
            label["early"] = "the same with early writing (e)"
            for (i = 1; i <= n; i++)
                printf "  %-44s %12.0f  %14.0f\n", label[names[i]], rate(names[i] "-1"), rate(names[i] "-4")
            a = rate("ignore-1"); b = rate("disk-1"); a4 = rate("ignore-4"); b4 = rate("disk-4")
            goal("one association / storescp as installed", rate("receiver-1") / rate("installed-1"), 10)
            goal("one association * (1/a + 1/b)", rate("receiver-1") * (1 / a + 1 / b), 0.8)
            goal("four associations / min(a, b)", rate("receiver-4") / (a4 < b4 ? a4 : b4), 0.6)
            goal("steady: one association / c", rate("steady-1") / rate("plain-1"), 1)
            goal("steady: four associations / c", rate("steady-4") / rate("plain-4"), 1.2)
            goal("steady: four associations / d", rate("steady-4") / rate("over-4"), 0.7)
            goal("steady: four associations / e", rate("steady-4") / rate("early-4"), 0.7)
            printf "  %-44s %8.2f ms\n", "processor time per instance", ticks * 1000 / hertz / instances
            printf "  %-44s %8.2f ms goal <%6.2f   %s\n", "the same, steady", steady_ticks * 1000 / hertz / instances, 0.8,
                (steady_ticks * 1000 / hertz / instances <= 0.8 ? "reached" : "MISSED")
        }' "$folder/cpu" "$folder/cpu-steady" "$folder/table"
    echo "  load average: $(cut -d' ' -f1-3 /proc/loadavg)"
}

# bench NAME SIZE BYTES FEW MANY
bench()
{
    : >"$folder/table"
    : >"$folder/cpu"
    : >"$folder/cpu-steady"
    "$build/tests/make-dicom" --out "$folder/in-few" --studies 4 --series 1 --instances "$4" --size "$2" >/dev/null
    "$build/tests/make-dicom" --out "$folder/in" --studies 4 --series 1 --instances "$5" --size "$2" >/dev/null
    for _ in $(seq 1 "$rounds"); do
        disk disk files "$3" "$5"
        disk over over "$3" "$5"
        disk early over-early "$3" "$5"
        round "$folder/in" "$4" "$5"
    done
    report "$1" "$5"
    mv "$folder/in" "$folder/in-$1"
    mv "$folder/in-few" "$folder/in-few-$1"
}

# memory NAME SIZE: peak resident memory of the association's process, and how many files arrived.
memory()
{
    "$build/tests/make-dicom" --out "$folder/in" --studies 1 --series 1 --instances 1 --size "$2" >/dev/null
    start_receiver
    storescu -aec FELUCCA +sd 127.0.0.1 "$port" "$folder/in/study-0001" &
    sender=$!
    peak=0
    while kill -0 "$sender" 2>/dev/null; do
        for status in $(grep -l "^PPid:[[:space:]]*$server\$" /proc/[0-9]*/status 2>/dev/null) "/proc/$server/status"; do
            high=$(awk '/^VmHWM/ { print $2 }' "$status" 2>/dev/null) || :
            [ "${high:-0}" -le "$peak" ] || peak=$high
        done
    done
    wait "$sender"
    stored=$(find "$state/spool/incoming" -name '*.dcm' | wc -l)
    stop_server
    mv "$folder/in" "$folder/in-$1"
    awk -v name="$1" -v peak="$peak" -v stored="$stored" 'BEGIN {
        printf "  %-44s %8.1f MiB goal <%6.0f   %s\n", "peak memory of a process, " name, peak / 1024, 64,
            (peak < 65536 && stored == 1 ? "reached" : "MISSED") }'
}

echo "the files are on: $(journal "$folder")"
bench "CT-like, 529 KB" 529K 541696 15 200
memory "529 KB" 529K
memory "1 GiB" 1G
bench "small, 5 KB" 5K 5120 30 1000
