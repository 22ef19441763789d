#!/bin/sh
# receive-tls - how fast the receiver takes instances in over TLS, against its own plain port.
#
# Usage: receive-tls.sh BUILD [ROUNDS]
#
# All in one run, the two in turn: storescu as installed, 500 instances of 529 KB for each of one and of four associations,
# each with a certificate. Instances are durable before they are answered. Prints the rates, their ratio beside the goal, and
# how long a C-ECHO takes from connect to release. The files are below $TMPDIR, or /tmp: 2.6 GB a round.
set -eu
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/../.." && pwd)
rounds=${2:-3}
instances=500 # a study of a CT: the handshake is told apart, by the C-ECHO
folder=$(mktemp -d)
plain=$((20000 + $$ % 20000))
tls=$((plain + 1))
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

# options PORT: what storescu says besides.
options()
{
    [ "$1" = $plain ] || echo "+tls $folder/tls/SCU.key $folder/tls/SCU.pem +cf $folder/tls/ca.pem"
}

start_receiver()
{
    "$here/deploy/test-authority.sh" "$folder/tls" 127.0.0.1 SCU >/dev/null
    cat >"$folder/felucca.yaml" <<END
state_dir: $folder/state
receiver: { port: $plain, bind: 127.0.0.1, min_free_space: 256MiB, tls: { port: $tls,
  certificate_file: tls/receiver.pem, key_file: tls/receiver.key, ca_file: tls/ca.pem } }
metrics: { port: 0 }
nodes: [{ aet: FELUCCA, destinations: [{ name: nowhere, stow_url: 'http://127.0.0.1:9/api/studies' }] }]
END
    mkdir -p "$folder/state"
    "$build/bin/felucca-receiver" --config "$folder/felucca.yaml" 2>"$folder/receiver.log" &
    server=$!
    tries=0
    until echoscu -aec FELUCCA 127.0.0.1 $plain >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] && kill -0 $server || { cat "$folder/receiver.log" >&2; exit 1; }
    done
}

# measure NAME PORT ASSOCIATIONS: adds instances and nanoseconds to the table.
measure()
{
    senders=
    begin=$(date +%s%N)
    for study in $(seq -f study-%04g 1 "$3"); do
        # shellcheck disable=SC2046 # several words
        storescu $(options "$2") -aec FELUCCA +sd 127.0.0.1 "$2" "$folder/in/$study" &
        senders="$senders $!"
    done
    for sender in $senders; do
        wait "$sender" || { echo "storescu failed" >&2; exit 1; }
    done
    echo "$1-$3 $(($3 * instances)) $(($(date +%s%N) - begin))" >>"$folder/table"
}

# echoes NAME PORT: twenty of them, one after the other.
echoes()
{
    begin=$(date +%s%N)
    for _ in $(seq 1 20); do
        # shellcheck disable=SC2046 # several words
        echoscu $(options "$2") -aec FELUCCA 127.0.0.1 "$2" || exit 1
    done
    echo "$1-echo 20 $(($(date +%s%N) - begin))" >>"$folder/table"
}

"$build/tests/make-dicom" --out "$folder/in" --studies 4 --series 1 --instances $instances --size 529K >/dev/null
start_receiver
for _ in $(seq 1 "$rounds"); do
    for associations in 1 4; do
        measure plain $plain $associations
        measure tls $tls $associations
    done
    echoes plain $plain
    echoes tls $tls
done
stored=$(find "$folder/state/spool/incoming" -name '*.dcm' | wc -l)
[ "$stored" -eq $((10 * instances * rounds)) ] || { echo "stored $stored instances" >&2; exit 1; }
awk '
    { count[$1] += $2; time[$1] += $3 / 1e9 }
    function rate(name) { return count[name] / time[name] }
    function ratio(label, n,   reached) {
        reached = rate("tls-" n) / rate("plain-" n)
        printf "  %-24s plain %6.0f/s   TLS %6.0f/s   ratio %5.2f   goal 0.75   %s\n", label, rate("plain-" n), rate("tls-" n),
            reached, (reached >= 0.75 ? "reached" : "MISSED")
    }
    END {
        ratio("one association", 1)
        ratio("four associations", 4)
        printf "  %-24s plain %6.1f ms  TLS %6.1f ms, with its handshake\n", "a C-ECHO", 1000 / rate("plain-echo"),
            1000 / rate("tls-echo")
    }' "$folder/table"
