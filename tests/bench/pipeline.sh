#!/bin/sh
# pipeline - how fast studies travel from storescu to the simulated KHEOPS, through all four processes, against
# the receiver alone and against Orthanc as a gateway.
#
# Usage: pipeline.sh BUILD [ROUNDS]
#
# All in one run, in turn, since a disk's mood changes: four storescu at once (as installed), each with a study of
# its own. "receiver alone" has no router beside it. Orthanc receives the same studies and then sends each series
# with the `stow` of its REST interface, as four jobs at once; its time counts both.
# Prints rates, ratios, processor time per instance and peak memory of each process; at the end one instance of
# 1 GiB travels. The files are below $TMPDIR, or /tmp (about 4 GB).
set -eu
build=$(cd "$1" && pwd)
rounds=${2:-2}
folder=$(mktemp -d)
port=$((20000 + $$ % 10000))
pids=''
kheops_port='' admin_port=''
. "$(dirname "$0")/processes.sh"
trap 'stop_all; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM

configure()
{
    port=$((port + 1))
    state=$(mktemp -d "$folder/state.XXXXXX")
    write_configuration "$state" <<END
        albums:
          - name: ct
            api_url: http://127.0.0.1:${kheops_port:-9}/api
            destination_token: CTWRITE
            source_token: MAINSEND
            condition: |
              tagValueIsPresent(#Tag.Modality, "CT")
END
}

# send AET PORT INPUT: four senders at once.
send()
{
    senders=
    for study in "$3"/study-*; do
        storescu -aec "$1" +sd 127.0.0.1 "$2" "$study" >"$folder/storescu.log" 2>&1 &
        senders="$senders $!"
    done
    for sender in $senders; do
        wait "$sender" || fail "storescu failed"
    done
}

record() { echo "$1 $2 $(($4 - $3))" >>"$folder/table"; }

receiver_alone()
{
    configure
    "$build/bin/felucca-receiver" --config "$folder/felucca.yaml" >"$folder/receiver.log" 2>&1 &
    pids="$pids $!"
    until_true 20 echoscu -aec FELUCCA 127.0.0.1 "$port"
    begin=$(date +%s%N)
    send FELUCCA "$port" "$1"
    record receiver "$2" "$begin" "$(date +%s%N)"
    stop_all
}

# children PID: its child processes.
children() { grep -l "^PPid:[[:space:]]*$1\$" /proc/[0-9]*/status 2>/dev/null | sed 's|/proc/\([0-9]*\)/.*|\1|'; }

# Peak memory (KiB) of the processes below a pid, again and again until a file appears: "name kib" lines.
watch_memory()
{
    until [ -e "$2" ]; do
        for child in $1 $(children "$1") $(for c in $(children "$1"); do children "$c"; done); do
            awk '/^Name:/ { name = $2 } /^VmHWM:/ { print name, $2 }' "/proc/$child/status" 2>/dev/null || :
        done
        sleep 0.1
    done >>"$folder/memory"
}

note_cpu()
{
    for child in $(children "$1"); do
        name=$(awk '/^Name:/ { print $2 }' "/proc/$child/status")
        sed 's/.*) //' "/proc/$child/stat" | awk -v name="$name" '{ print name, $12 + $13 + $14 + $15 }' >>"$folder/cpu"
    done
}

felucca_whole()
{
    start_kheops --token main:read,send:MAINSEND --token ct:write:CTWRITE
    configure
    rm -f "$folder/stop"
    "$build/bin/felucca" up --config "$folder/felucca.yaml" >"$folder/felucca.log" 2>&1 &
    felucca=$!
    pids="$felucca $pids"
    until_true 20 echoscu -aec FELUCCA 127.0.0.1 "$port"
    watch_memory "$felucca" "$folder/stop" &
    watcher=$!
    begin=$(date +%s%N)
    send FELUCCA "$port" "$1"
    until_true 120 stored_at_least "$admin_port" "$2"
    record felucca "$2" "$begin" "$(date +%s%N)"
    note_cpu "$felucca"
    touch "$folder/stop"
    wait "$watcher"
    stop_all
}

orthanc_whole()
{
    start_kheops --token main:read,send:MAINSEND --token ct:write:CTWRITE
    database=$(mktemp -d "$folder/orthanc.XXXXXX")
    http=$((port + 1)) dicom=$((port + 2))
    port=$dicom
    cat >"$folder/orthanc.json" <<END
{ "StorageDirectory": "$database", "IndexDirectory": "$database", "HttpPort": $http, "DicomPort": $dicom,
  "Plugins": ["/usr/share/orthanc/plugins/libOrthancDicomWeb.so"], "DicomAet": "ORTHANC",
  "DicomAlwaysAllowStore": true, "AuthenticationEnabled": false, "RemoteAccessAllowed": false,
  "HttpTimeout": 300, "ConcurrentJobs": 4,
  "DicomWeb": { "Enable": true, "Root": "/dicom-web/", "Servers": { "kheops": {
    "Url": "http://127.0.0.1:$kheops_port/api/", "HttpHeaders": { "Authorization": "Bearer MAINWRITE" } } } } }
END
    Orthanc "$folder/orthanc.json" >"$folder/orthanc.log" 2>&1 &
    pids="$! $pids"
    until_true 60 echoscu -aec ORTHANC 127.0.0.1 "$dicom"
    until_true 60 curl -sf "http://127.0.0.1:$http/system"
    begin=$(date +%s%N)
    send ORTHANC "$dicom" "$1"
    for series in $(curl -s "http://127.0.0.1:$http/series" | tr -d '[]", \n\t' | sed 's/.\{44\}/& /g'); do
        curl -sSf -o /dev/null -d "{\"Resources\": [\"$series\"], \"Synchronous\": false}" \
            "http://127.0.0.1:$http/dicom-web/servers/kheops/stow" || fail "Orthanc's stow failed"
    done
    until_true 120 stored_at_least "$admin_port" "$2"
    record orthanc "$2" "$begin" "$(date +%s%N)"
    stop_all
}

report()
{
    awk -v title="$1" -v hertz="$(getconf CLK_TCK)" '
        FILENAME ~ /cpu$/ { ticks[$1] += $2; next }
        FILENAME ~ /memory$/ { if ($2 > peak[$1]) peak[$1] = $2; next }
        { count[$1] += $2; time[$1] += $3 / 1e9 }
        function rate(name) { return count[name] / time[name] }
        function goal(label, reached, wanted) {
            printf "  %-44s %8.2f   goal %6.2f   %s\n", label, reached, wanted, (reached >= wanted ? "reached" : "MISSED")
        }
        END {
            printf "\n%s, four associations: instances/s\n", title
            printf "  %-44s %8.0f\n", "receiver alone", rate("receiver")
            printf "  %-44s %8.0f\n", "Felucca, end to end", rate("felucca")
            printf "  %-44s %8.0f\n", "Orthanc, received and sent", rate("orthanc")
            goal("end to end / receiver alone", rate("felucca") / rate("receiver"), 0.5)
            goal("end to end / Orthanc", rate("felucca") / rate("orthanc"), 8)
            printf "  processor time per instance, and peak memory:\n"
            for (name in ticks)
                printf "    %-20s %8.2f ms %8.1f MiB goal <%4.0f   %s\n", name, ticks[name] * 1000 / hertz / count["felucca"],
                    peak[name] / 1024, 24, (peak[name] <= 24 * 1024 ? "reached" : "MISSED")
        }' "$folder/cpu" "$folder/memory" "$folder/table"
}

# bench NAME SIZE INSTANCES
bench()
{
    : >"$folder/table"
    : >"$folder/cpu"
    : >"$folder/memory"
    "$build/tests/make-dicom" --out "$folder/in-$1" --studies 4 --series 1 --instances "$3" --size "$2" >/dev/null
    for _ in $(seq 1 "$rounds"); do
        receiver_alone "$folder/in-$1" $((4 * $3))
        felucca_whole "$folder/in-$1" $((4 * $3))
        orthanc_whole "$folder/in-$1" $((4 * $3))
    done
    report "$1"
}

one_gigabyte()
{
    : >"$folder/memory"
    : >"$folder/table"
    : >"$folder/cpu"
    "$build/tests/make-dicom" --out "$folder/in-huge" --studies 1 --series 1 --instances 1 --size 1G >/dev/null
    felucca_whole "$folder/in-huge" 1
    awk '{ if ($2 > peak[$1]) peak[$1] = $2 }
        END {
            printf "\none instance of 1 GiB: peak memory, goal 64 MiB\n"
            for (name in peak)
                printf "    %-20s %8.1f MiB   %s\n", name, peak[name] / 1024, (peak[name] <= 65536 ? "reached" : "MISSED")
        }' "$folder/memory"
}

bench CT-529K 529K 250
bench small-5K 5K 1000
one_gigabyte
