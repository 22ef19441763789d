#!/bin/bash
# run - makes the fuzz targets and runs each for some seconds, as many side by side as there are processors.
#
# Usage: tests/fuzz/run.sh [SECONDS [BUILD [TARGET...]]]     tests/fuzz/run.sh --table [BUILD]
# Each target begins with its seeds and with what earlier runs found to reach new code, which is kept in
# BUILD/fuzz/NAME (FUZZ_FOLDER=… keeps it elsewhere): a run goes on where the one before ended. Each run adds a line
# to runs.csv there; --table adds them up, as docs/reliability.md shows them.
# Ends with 1 when a target found something: a crash, a leak, 1 GiB of memory, 256 MiB at once, or more than a second
# of processor time. The input is then in the same folder, and is run again by BUILD/tests/fuzz_NAME FILE.
set -eu
export LC_ALL=C
root=$(cd "$(dirname "$0")/../.." && pwd)

if [ "${1:-}" = --table ]; then
    folder=${FUZZ_FOLDER:-${2:-$root/build}/fuzz}
    echo '| target | processor hours | inputs | kept | most memory | found |'
    echo '|---|---|---|---|---|---|'
    awk -F, 'NR > 1 { hours[$2] += $3 / 3600; inputs[$2] += $4; kept[$2] = $5; found[$2] += $7
                      if ($6 > memory[$2]) memory[$2] = $6 }
             END { for (name in hours) {
                       printf "| `fuzz_%s` | %.2f | %.1f million | %d | %d MiB | %d |\n", name, hours[name],
                              inputs[name] / 1e6, kept[name], memory[name], found[name]
                       all += hours[name]; every += inputs[name] }
                   printf "| together | %.2f | %.1f million | | | |\n", all, every / 1e6 }' "$folder/runs.csv" | sort
    exit
fi

seconds=${1:-30}
build=${2:-$root/build}
shift $(($# < 2 ? $# : 2))
folder=${FUZZ_FOLDER:-$build/fuzz}
[ -f "$build/build.ninja" ] || cmake -S "$root" -B "$build" -G Ninja >/dev/null
cmake --build "$build" --target fuzz >"$build/fuzz.log" 2>&1 || { grep -A9 -E 'error|FAILED' "$build/fuzz.log"; exit 1; }
mkdir -p "$folder"
[ -f "$folder/runs.csv" ] || echo 'ended,target,processor_seconds,inputs,kept,memory_mib,found' >"$folder/runs.csv"

# A second of the processor, not of a busy machine: true when the input takes that long.
is_slow()
{
    local TIMEFORMAT=%U
    [ "$({ time "$1" "$2" >/dev/null 2>&1; } 2>&1 | cut -d. -f1)" -ge 1 ]
}

# What was found by this run, one name a line.
list_found()
{
    local program=$1 new=$2 file
    find "$new" -type f | while read -r file; do
        case $file in
        */slow-unit-*) is_slow "$program" "$file" || { rm "$file" && continue; } ;;
        esac
        mv "$file" "$folder/"
        echo "$folder/$(basename "$file")"
    done
}

# run_target NAME: runs it, adds its line; 1 when something was found.
run_target()
{
    local name=$1 program=$build/tests/fuzz_$1 new log=$folder/$1.log words=$root/tests/fuzz/$1.dict spent found
    local TIMEFORMAT='%U %S'
    new=$(mktemp -d "$folder/new.XXXXXX")
    mkdir -p "$folder/$name"
    [ -f "$words" ] || words=$root/tests/fuzz/words.dict
    spent=$({ time "$program" -max_total_time="$seconds" -timeout=20 -report_slow_units=1 -rss_limit_mb=1024 \
        -malloc_limit_mb=256 -print_final_stats=1 -dict="$words" -artifact_prefix="$new/" "$folder/$name" \
        "$root/tests/fuzz/corpus/$name" >"$log" 2>&1; } 2>&1 | awk 'END { print $1 + $2 }')
    found=$(list_found "$program" "$new")
    rm -rf "$new"
    printf '%s,%s,%s,%s,%s,%s,%s\n' "$(date -u +%FT%TZ)" "$name" "$spent" \
        "$(awk '/number_of_executed_units/ { n = $2 } END { print n + 0 }' "$log")" \
        "$(find "$folder/$name" -type f | wc -l)" "$(awk '/peak_rss_mb/ { n = $2 } END { print n + 0 }' "$log")" \
        "$(printf '%s' "$found" | grep -c . || :)" >>"$folder/runs.csv"
    tail -n 1 "$folder/runs.csv"
    grep -q 'number_of_executed_units' "$log" && [ -z "$found" ] && return
    tail -n 40 "$log"
    echo "fuzz_$name found: $found"
    return 1
}

targets=("$@")
[ $# -gt 0 ] || mapfile -t targets < <(find "$root/tests/fuzz" -maxdepth 1 -name 'fuzz_*.c' -printf '%f\n' | sed 's/^fuzz_//; s/\.c$//' | sort)
status=0
running=0
for name in "${targets[@]}"; do
    [ "$running" -lt "$(nproc)" ] || { wait -n || status=1; running=$((running - 1)); }
    run_target "$name" &
    running=$((running + 1))
done
while [ "$running" -gt 0 ]; do
    wait -n || status=1
    running=$((running - 1))
done
exit $status
