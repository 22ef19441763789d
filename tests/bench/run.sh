#!/bin/sh
# run - all benchmarks, one after the other: `make bench`. About twenty minutes on two quiet cores, and 11 GB below
# $TMPDIR (/tmp).
#
# Usage: run.sh BUILD
set -eu
build=$1
folder=$(dirname "$0")
echo "machine: $(nproc) cores, $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), $(uname -sr)"
printf '\n== the router alone (goal: 2000 instances/s)\n'
"$build/tests/bench_router" 10000
printf '\n== the same without kept headers (retention_headers: 0s), and their cost\n'
"$build/tests/bench_router" 10000 100 no-headers
printf '\n== the router with a million waiting and ten million finished deliveries, against an empty database\n'
"$build/tests/bench_backlog" || echo "not measured"
printf '\n== conditions\n'
"$build/tests/bench_condition"
printf '\n== the receiver\n'
"$folder/receive.sh" "$build"
printf '\n== the receiver, where each flush takes longer\n'
"$folder/slow-flush.sh" "$build"
printf '\n== the receiver over TLS, against its plain port\n'
"$folder/receive-tls.sh" "$build"
printf '\n== uploads: router and senders, against plain loops over the same files\n'
"$build/tests/bench_stow"
"$build/tests/bench_stow" large
printf '\n== more senders, destination 20 ms away\n'
"$build/tests/bench_stow" scale
printf '\n== the sharer: 5000 shares, against a plain loop that introspects twice a share (goal: 10 x it at 20 ms)\n'
"$build/tests/bench_share"
printf '\n== all processes, end to end\n'
"$folder/pipeline.sh" "$build"
printf '\n== one study of many series, and KHEOPS as slow as it is, beside four plain clients\n'
"$folder/lanes.sh" "$build"
printf '\n== a router is killed: another one takes over, or it is started again\n'
"$build/tests/bench_takeover"
printf '\n== KHEOPS comes back to a backlog of 10,000\n'
"$folder/outage.sh" "$build"
