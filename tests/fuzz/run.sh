#!/bin/sh
# run - makes the fuzz targets and runs each on its seeds for some seconds.
#
# Usage: tests/fuzz/run.sh [SECONDS [BUILD]]
# Ends with 1 when a target found something: the input stands in BUILD/fuzz, and is run again by
# BUILD/tests/fuzz_NAME FILE. Inputs that reach new code are kept there too, the seeds stay as they are.
set -eu
seconds=${1:-30}
root=$(cd "$(dirname "$0")/../.." && pwd)
build=${2:-$root/build}
[ -f "$build/build.ninja" ] || cmake -S "$root" -B "$build" -G Ninja >/dev/null
cmake --build "$build" --target fuzz
status=0
for seeds in "$root"/tests/fuzz/corpus/*/; do
    name=$(basename "$seeds")
    mkdir -p "$build/fuzz/$name"
    echo "fuzz_$name: $seconds s"
    if ! "$build/tests/fuzz_$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
        -dict="$root/tests/fuzz/words.dict" -artifact_prefix="$build/fuzz/" "$build/fuzz/$name" "$seeds" \
        >"$build/fuzz/$name.log" 2>&1; then
        tail -n 40 "$build/fuzz/$name.log"
        status=1
    fi
    grep -E 'number_of_executed_units|new_units_added|peak_rss' "$build/fuzz/$name.log" || :
done
exit $status
