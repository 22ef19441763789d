#!/bin/sh
# lanes - how fast a backlog reaches the simulated KHEOPS through router and sender, beside plain clients that have
# their requests ready.
#
# Usage: lanes.sh BUILD [ROUNDS [OLDER-BUILD]]
#
# "one study": 300 series of 3 instances, 5 KB each, 20 ms an answer. A router that lets only one request of a study
# with new series out at a time uses one of the four connections there: "one connection" shows what that costs.
# With OLDER-BUILD, where another version was built, "before" is the same with the programs of that one, against the simulator of
# BUILD, in turn.
# "KHEOPS": 3,000 instances of 9 KB in 15 studies of 2 series, as slow as the real one was (100 ms a request, 15 ms a
# new series). The clients are four curl, each with requests of 50 instances on disk and a connection of its own.
# "arriving" is the same while four storescu send (nagle off), from the first request's begin; how fast those brought it, from
# their first instance to their last, is beside it: nothing leaves faster than it comes.
# Times are from the sender's log: from the begin of the first request to the end of the last one. All in one run, one
# after the other, ROUNDS times (3): the best counts, since a disk's mood and the machine's changes;
# the mean is beside it.
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-3}
older=${3:+$(cd "$3" && pwd)}
programs=$build
folder=$(mktemp -d)
port=$((20000 + $$ % 10000))
pids=''
kheops_port='' admin_port=''
. "$(dirname "$0")/processes.sh"
trap 'stop_all; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

start_felucca()
{
    port=$((port + 1))
    state=$(mktemp -d "$folder/state.XXXXXX")
    printf '%s\n' "${more:-}" | write_configuration "$state"
    for process in router receiver; do
        "$programs/bin/felucca-$process" --config "$folder/felucca.yaml" >"$folder/$process.log" 2>&1 &
        pids="$pids $!"
    done
    until_true 20 echoscu -aec FELUCCA 127.0.0.1 "$port"
}

start_sender()
{
    "$programs/bin/felucca-sender" --config "$folder/felucca.yaml" >"$folder/sender.log" 2>&1 &
    pids="$pids $!"
}

# send INPUT: four associations, each with a quarter of the studies.
send()
{
    senders=
    for quarter in 0 1 2 3; do
        find "$1" -mindepth 1 -maxdepth 1 -name 'study-*' | sort | awk -v q="$quarter" 'NR % 4 == q' >"$folder/quarter-$quarter"
        [ -s "$folder/quarter-$quarter" ] || continue
        # shellcheck disable=SC2046  # folders of our own making
        TCP_NODELAY=1 storescu -aec FELUCCA +sd +r 127.0.0.1 "$port" $(cat "$folder/quarter-$quarter") >"$folder/storescu-$quarter.log" 2>&1 &
        senders="$senders $!"
    done
    for sender in $senders; do
        wait "$sender" || fail "storescu failed"
    done
}

queued() { sqlite3 -readonly "$state/jobs.db" 'SELECT sum(queued) FROM destination' | grep -qx "$1"; }

# Milliseconds between the begin of the first batch and the end of the last one, and how many batches there were.
sender_span()
{
    grep 'batch sent' "$folder/sender.log" | awk '{
        split($1, t, /[T:Z]/)
        end = (t[2] * 3600 + t[3] * 60 + t[4]) * 1000
        match($0, / ms=[0-9]+/)
        begin = end - substr($0, RSTART + 4, RLENGTH - 4)
        if (NR == 1 || begin < first) first = begin
        if (end > last) last = end
    } END { printf "%d %d\n", last - first, NR }'
}

record() { echo "$*" >>"$folder/table"; }

# drain NAME INPUT INSTANCES SIMULATOR-OPTION...: all of it waits, then the sender starts.
drain()
{
    name=$1 input=$2 count=$3
    shift 3
    start_kheops "$@"
    start_felucca
    send "$input"
    until_true 60 queued "$count"
    start_sender
    until_true 120 stored_at_least "$admin_port" "$count"
    until_true 60 queued 0
    record "$name" "$count" "$(sender_span)"
    stop_all
}

# arriving NAME INPUT INSTANCES SIMULATOR-OPTION...
arriving()
{
    name=$1 input=$2 count=$3
    shift 3
    start_kheops "$@"
    start_felucca
    start_sender
    begin=$(date +%s%N)
    send "$input"
    record "$name-came" "$count" $((($(date +%s%N) - begin) / 1000000)) 0
    until_true 120 stored_at_least "$admin_port" "$count"
    until_true 60 queued 0
    record "$name" "$count" "$(sender_span)"
    stop_all
}

# Requests of 50 on disk: request-N.
make_requests()
{
    find "$1" -type f -name '*.dcm' | sort | split -l 50 - "$2-list-"
    for list in "$2"-list-*; do
        while read -r file; do
            printf -- '--FELUCCA\r\nContent-Type: application/dicom\r\n\r\n'
            cat "$file"
            printf '\r\n'
        done <"$list" >"$2-request-${list##*-}"
        printf -- '--FELUCCA--\r\n' >>"$2-request-${list##*-}"
    done
}

# clients NAME REQUESTS INSTANCES SIMULATOR-OPTION...: four of them take turns with the requests.
clients()
{
    name=$1 requests=$2 count=$3
    shift 3
    start_kheops --no-races "$@"
    for client in 0 1 2 3; do
        number=0
        for request in "$requests"-request-*; do
            number=$((number + 1))
            [ $((number % 4)) = "$client" ] || continue
            cat <<END
url = "http://127.0.0.1:$kheops_port/api/studies"
header = "Authorization: Bearer MAINWRITE"
header = "Content-Type: multipart/related; type=\"application/dicom\"; boundary=FELUCCA"
header = "Expect:"
data-binary = "@$request"
output = /dev/null
fail
next
END
        done | sed '$d' >"$folder/client-$client"
    done
    begin=$(date +%s%N)
    running=
    for client in 0 1 2 3; do
        curl -sS -K "$folder/client-$client" >"$folder/client-$client.log" 2>&1 &
        running="$running $!"
    done
    for client in $running; do
        wait "$client" || fail "a client failed"
    done
    record "$name" "$count" $((($(date +%s%N) - begin) / 1000000)) $((count / 50))
    stored_at_least "$admin_port" "$count" || fail "the clients lost some"
    stop_all
}

report()
{
    awk '{
            if (!($1 in best) || $3 < best[$1]) { best[$1] = $3; batches[$1] = $4 }
            count[$1] = $2
            sum[$1] += $3
            rounds[$1]++
        }
        function rate(name) { return count[name] * 1000 / best[name] }
        function mean(name) { return sum[name] / rounds[name] }
        function row(label, name) {
            printf "  %-44s %6.0f instances/s  %6d ms (mean %d)  %4d requests\n", label, rate(name), best[name], mean(name), batches[name]
        }
        function goal(label, reached, wanted) {
            printf "  %-44s %8.2f   goal %6.2f   %s\n", label, reached, wanted, (reached >= wanted ? "reached" : "MISSED")
        }
        END {
            row("one study of 300 series, 20 ms", "study")
            row("... one connection", "study-one")
            if ("study-before" in best)
                row("... before", "study-before")
            row("four clients", "study-clients")
            row("KHEOPS: a backlog", "backlog")
            row("KHEOPS: arriving", "arriving")
            printf "  %-44s %6.0f instances/s  %6d ms\n", "... as they came", rate("arriving-came"), best["arriving-came"]
            row("KHEOPS: four clients", "clients")
            goal("one study / one connection", rate("study") / rate("study-one"), 3.0)
            if ("study-before" in best) {
                goal("one study / before", rate("study") / rate("study-before"), 3.0)
                goal("... by the means", mean("study-before") / mean("study"), 3.0)
            }
            goal("one study / clients", rate("study") / rate("study-clients"), 0.7)
            goal("backlog / clients", rate("backlog") / rate("clients"), 0.9)
            slower = rate("clients") < rate("arriving-came") ? rate("clients") : rate("arriving-came")
            goal("arriving / the slower of clients and coming", rate("arriving") / slower, 0.9)
        }' "$folder/table"
    echo "  load average: $(cut -d' ' -f1-3 /proc/loadavg)"
}

"$build/tests/make-dicom" --out "$folder/one" --studies 1 --series 300 --instances 3 --size 5K >/dev/null
"$build/tests/make-dicom" --out "$folder/many" --studies 15 --series 2 --instances 100 --size 9K >/dev/null
make_requests "$folder/one" "$folder/one"
make_requests "$folder/many" "$folder/many"
for _ in $(seq 1 "$rounds"); do
    drain study "$folder/one" 900 --delay-ms 20
    more='        connections: 1'
    drain study-one "$folder/one" 900 --delay-ms 20
    more=
    if [ -n "$older" ]; then
        programs=$older
        drain study-before "$folder/one" 900 --delay-ms 20
        programs=$build
    fi
    clients study-clients "$folder/one" 900 --delay-ms 20
    drain backlog "$folder/many" 3000 --stow-ms 100 --series-ms 15
    arriving arriving "$folder/many" 3000 --stow-ms 100 --series-ms 15
    clients clients "$folder/many" 3000 --stow-ms 100 --series-ms 15
done
report
