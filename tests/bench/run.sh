#!/bin/sh
# run - all benchmarks, one after the other: `make bench`. About twenty minutes on two quiet cores, and 11 GB below
# $TMPDIR (/tmp).
#
# Usage: run.sh BUILD
set -eu
build=$1
folder=$(dirname "$0")

# part TITLE: what comes now, and what else the machine did in the part before.
part()
{
    printf 'load average: %s\n\n== %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)" "$1"
}

echo "machine: $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr)"
part 'the router alone (goal: 2000 instances/s)'
"$build/tests/bench_router" 10000
part 'the same without kept headers (retention_headers: 0s), and their cost'
"$build/tests/bench_router" 10000 100 no-headers
part 'the router with 100,000 waiting deliveries, against an empty database'
"$build/tests/bench_backlog" 100000 1000 5000 || echo "not measured"
part 'the router with a million waiting and ten million finished deliveries, against an empty database'
"$build/tests/bench_backlog" || echo "not measured"
part 'conditions'
"$build/tests/bench_condition"
part 'the receiver'
"$folder/receive.sh" "$build"
part 'the receiver, where each flush takes longer'
"$folder/slow-flush.sh" "$build"
part 'the receiver, while instances wait in its folder'
"$folder/receive-backlog.sh" "$build"
part 'the receiver over TLS, against its plain port'
"$folder/receive-tls.sh" "$build"
part 'uploads: router and senders, against plain loops over the same files'
"$build/tests/bench_stow"
"$build/tests/bench_stow" large
part 'more senders, destination 20 ms away'
"$build/tests/bench_stow" scale
part 'the sharer: 5000 shares, against a plain loop that introspects twice a share (goal: 10 x it at 20 ms)'
"$build/tests/bench_share"
part 'all processes, end to end'
"$folder/pipeline.sh" "$build"
part 'reception and sending, with a console at which fifty browsers look and without'
"$folder/console.sh" "$build"
part 'one study of many series, and KHEOPS as slow as it is, beside four plain clients'
"$folder/lanes.sh" "$build"
part 'a router is killed: another one takes over, or it is started again'
"$build/tests/bench_takeover"
part 'KHEOPS comes back to a backlog of 10,000'
"$folder/outage.sh" "$build"
printf 'load average: %s\n' "$(cut -d' ' -f1-3 /proc/loadavg)"
