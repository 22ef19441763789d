#!/bin/sh
# demo - studies travel from a scanner to a KHEOPS main album, and their series to the albums whose conditions
# hold: a simulated KHEOPS, the real processes, DCMTK's storescu, all on the loopback in a temporary folder.
#
# Usage: demo.sh BUILD [FOLDER]
#
# BUILD is the build folder. With FOLDER its DICOM files are sent instead of generated ones. With FELUCCA_DEMO_TLS=1 in
# the environment the generated ones go over TLS, with certificates of an authority made for it (openssl). With FELUCCA_DEMO_KEEP=1
# it stays at its end, so that one can look at its console, until Ctrl-C. Else it ends by itself:
# exit status 0 when everything arrived, 1 with a sentence when not (the folder with all logs then stays).
set -eu

build=$(cd "$1" && pwd)
if [ -n "${2:-}" ] && [ ! -d "$2" ]; then
    echo "demo: there is no folder $2" >&2
    exit 1
fi
files=${2:+$(cd "$2" && pwd)}
tls=${FELUCCA_DEMO_TLS:-}
here=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/felucca-demo.XXXXXX")
state=$folder/state
delay_ms=300     # how long the simulated KHEOPS takes for each answer, as one on the internet does
most_seconds=100 # for the generated studies; your own files may take as long as something still moves
idle_seconds=60
kheops_pid=
felucca_pid=
outcome=1

say() { printf '%s\n' "$*"; }

fail()
{
    say "demo: $*" >&2
    exit 1
}

# Ends a process of ours by its pid and waits for it.
end_process()
{
    [ -n "$1" ] || return 0
    kill -TERM "$1" 2>/dev/null || :
    wait "$1" 2>/dev/null || :
}

clean_up()
{
    trap '' INT TERM
    end_process "$felucca_pid"
    end_process "$kheops_pid"
    if [ "$outcome" = 0 ]; then
        rm -rf "$folder"
    else
        say "demo: what was left, logs included: $folder" >&2
        [ -s "$folder/felucca.log" ] && tail -n 20 "$folder/felucca.log" >&2
    fi
    exit "$outcome"
}

# wait_for SECONDS SENTENCE COMMAND...: until the command succeeds.
wait_for()
{
    wait_left=$(($1 * 10))
    wait_sentence=$2
    shift 2
    until "$@"; do
        wait_left=$((wait_left - 1))
        [ "$wait_left" -gt 0 ] || fail "$wait_sentence"
        kill -0 "${felucca_pid:-$kheops_pid}" 2>/dev/null || fail "a process ended early: $wait_sentence"
        sleep 0.1
    done
}

# free_port [FROM]: a TCP port that nobody uses now.
free_port()
{
    free_port_try=${1:-$((20000 + $$ % 10000))}
    while grep -qi ":$(printf %04X "$free_port_try") " /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
        free_port_try=$((free_port_try + 1))
    done
    say "$free_port_try"
}

# The job database is there for people with sqlite3 too: its views tell everything.
ask_jobs() { sqlite3 -readonly -batch -separator ' ' "$state/jobs.db" "$1" 2>/dev/null; }

start_kheops()
{
    "$build/tests/kheops-sim" --port-file "$folder/ports" --discard --delay-ms "$delay_ms" \
        --token main:write:DEMOmainWRITE --token main:read,send:DEMOmainSEND \
        --token ct-research:write:DEMOctWRITE --token head:write:DEMOheadWRITE \
        --token cine-and-reports:write:DEMOcineWRITE >"$folder/kheops.log" 2>&1 &
    kheops_pid=$!
    wait_for 10 'the simulated KHEOPS did not start' test -s "$folder/ports"
    read -r kheops_port admin_port <"$folder/ports" || :
}

# An album: name, token, condition.
write_album()
{
    cat <<END
          - name: $1
            api_url: http://127.0.0.1:$kheops_port/api
            destination_token: \${file:$folder/tokens/$1}
            source_token: \${file:$folder/tokens/main-send}
            condition: |
              $3
END
    say "$2" >"$folder/tokens/$1"
    say "$1|$3" >>"$folder/conditions"
}

# What receiver says of TLS, and storescu's options for it; nothing without TLS. The plain port stays for C-ECHO.
prepare_tls()
{
    tls_keys=
    tls_options=
    felucca_tls_port=$felucca_port
    [ -n "$tls" ] || return 0
    [ -z "$files" ] || fail 'TLS=1 is for the generated studies: dcmsend, which sends FILES, has no TLS'
    "$here/deploy/test-authority.sh" "$folder/tls" 127.0.0.1 SCANNER >/dev/null || fail 'no certificates could be made'
    felucca_tls_port=$(free_port $((felucca_port + 1)))
    tls_keys=", tls: { port: $felucca_tls_port, certificate_file: $folder/tls/receiver.pem,
  key_file: $folder/tls/receiver.key, ca_file: $folder/tls/ca.pem }"
    tls_options="+tls $folder/tls/SCANNER.key $folder/tls/SCANNER.pem +cf $folder/tls/ca.pem"
}

write_configuration()
{
    mkdir -p "$state" "$folder/tokens"
    say DEMOmainWRITE >"$folder/tokens/main-write"
    say DEMOmainSEND >"$folder/tokens/main-send"
    {
        cat <<END
state_dir: $state
receiver: { port: $felucca_port, bind: 127.0.0.1$tls_keys }
retry: { first: 500ms, ceiling: 5s, attempts: 2 }
metrics: { port: 0 }
console: { port: $console_port }
nodes:
  - aet: FELUCCA
    destinations:
      - name: main
        stow_url: http://127.0.0.1:$kheops_port/api/studies
        headers: |
          <key>Authorization</key>
          <value>Bearer \${file:$folder/tokens/main-write}</value>
        albums:
END
        write_album ct-research DEMOctWRITE \
            'tagValueIsPresent(#Tag.Modality, "CT") && !tagValueContains(#Tag.SeriesDescription, "Scout")'
        write_album head DEMOheadWRITE \
            'tagValueContains(#Tag.StudyDescription, "Schädel") || tagValueEndsWith("0008,1030", "Brain")'
        write_album cine-and-reports DEMOcineWRITE \
            'tagIsPresent(#Tag.NumberOfFrames) || tagValueBeginsWith("(0008,0060)", "SR")'
    } >"$folder/felucca.yaml"
}

answers_echo() { echoscu -to 2 -aec FELUCCA 127.0.0.1 "$felucca_port" >/dev/null 2>&1; }

start_felucca()
{
    "$build/bin/felucca" --config "$folder/felucca.yaml" up --senders 2 >"$folder/felucca.log" 2>&1 &
    felucca_pid=$!
    wait_for 20 'the receiver does not answer C-ECHO' answers_echo
}

# One storescu per study, all at once, as several modalities would.
send_generated()
{
    "$build/tests/make-dicom" --out "$folder/studies" --demo || fail 'no studies could be made'
    expected=$(find "$folder/studies" -name '*.dcm' | wc -l)
    say "sending $expected generated instances with storescu"
    for study in "$folder/studies"/*; do
        # shellcheck disable=SC2086 # several words, none with a space
        storescu $tls_options -aet SCANNER -aec FELUCCA +sd +r 127.0.0.1 "$felucca_tls_port" "$study" \
            >"$folder/storescu-${study##*/}.log" 2>&1 &
        senders="${senders:-} $!"
    done
}

# dcmsend proposes each file's own transfer syntax and reports what it could not send.
send_own()
{
    expected=0
    say "sending the DICOM files of $files with dcmsend"
    dcmsend -aet SCANNER -aec FELUCCA +sd +r -dn -nh -nuc +crf "$folder/report" 127.0.0.1 "$felucca_port" \
        "$files" >"$folder/dcmsend.log" 2>&1 &
    senders=$!
}

still_sending()
{
    for sender in $senders; do
        kill -0 "$sender" 2>/dev/null && return 0
    done
    return 1
}

# What is known of the way so far: taken in, delivered, shared, waiting, failed.
read_progress()
{
    ask_jobs "SELECT coalesce(sum(instances), 0), coalesce(sum(delivered), 0) FROM studies" >"$folder/progress" ||
        echo '0 0' >"$folder/progress"
    read -r taken delivered <"$folder/progress" || :
    ask_jobs "SELECT (SELECT count(*) FROM share WHERE state = 'shared'), (SELECT count(*) FROM failures),
        (SELECT coalesce(sum(queued + deferred + in_flight + coalesce(waiting, 0)), 0) FROM status)" \
        >"$folder/progress" || echo '0 0 1' >"$folder/progress"
    read -r shared failed unfinished <"$folder/progress" || :
    fresh=$(find "$state/spool/incoming" -type f \( -name '*.dcm' -o -name '*.part' \) 2>/dev/null | wc -l)
    moved="$taken instances taken in, $delivered delivered, $shared series shared"
    [ "$failed" = 0 ] || moved="$moved, $failed failed"
}

now_ms() { date +%s%3N; }

# 1234 (milliseconds) as "  1.2 s".
seconds() { printf '%3d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }

travel()
{
    began=$(now_ms)
    changed=$began
    before=
    while :; do
        sending=no
        still_sending && sending=yes
        read_progress
        now=$(now_ms)
        if [ "$moved" != "$before" ]; then
            say "  $(seconds $((now - began)))  $moved"
            before=$moved
            changed=$now
        fi
        [ $sending = no ] && [ "$unfinished" = 0 ] && [ "$fresh" = 0 ] && [ "$taken" -ge "$expected" ] && return
        kill -0 "$felucca_pid" 2>/dev/null || fail 'felucca ended'
        if [ -z "$files" ] && [ $((now - began)) -gt ${most_seconds}000 ]; then
            stuck "not finished after $most_seconds s"
        elif [ $((now - changed)) -gt ${idle_seconds}000 ]; then
            stuck "nothing moved for $idle_seconds s"
        fi
        sleep 0.2
    done
}

stuck()
{
    say "What waits, and why:" >&2
    ask_jobs "SELECT count(*), job, destination, coalesce(album, ''), because FROM backlog GROUP BY 2, 3, 4, 5" >&2 || :
    fail "$1: $moved, $unfinished jobs unfinished, $fresh files not taken in"
}

collect_senders()
{
    for sender in $senders; do
        wait "$sender" || refused=yes
    done
    [ -n "$files" ] || [ "${refused:-no}" = no ] || fail 'storescu could not send everything: see storescu-*.log'
}

tell_what_was_not_sent()
{
    [ -n "$files" ] || return 0
    say
    sed -n -e "s|$files/||" -e 's/, ignoring file$//' -e 's/^[WEF]: bad DICOM file: /  /p' \
        -e 's/^[WEF]: cannot send SOP instance from file: /  /p' -e 's/^[WEF]: cannot send /  /p' \
        "$folder/dcmsend.log" | sort >"$folder/unsent"
    if [ -s "$folder/unsent" ]; then
        say 'What dcmsend could not read as DICOM, or not send:'
        cat "$folder/unsent"
    else
        say 'All files could be sent.'
    fi
}

# Series x albums, as KHEOPS has it; then why.
print_table()
{
    curl -sf "http://127.0.0.1:$admin_port/sim/counts" >"$folder/counts.json" || fail 'KHEOPS does not answer'
    sqlite3 -batch -separator '|' :memory: "
        SELECT s.value ->> 'modality', s.value ->> 'description', s.value ->> 'instance_count',
               ',' || (SELECT group_concat(value, ',') FROM json_each(s.value, '\$.albums')) || ','
          FROM json_each(readfile('$folder/counts.json'), '\$.studies_list') t, json_each(t.value, '\$.series') s
         ORDER BY 1, 2" >"$folder/series"
    say
    say 'What KHEOPS has now:'
    awk -F '|' '
        FNR == NR { names[++count] = $1; next }
        !printed++ {
            printf "  %-26s %9s %6s", "series", "instances", "main"
            for (i = 1; i <= count; i++) printf "  %s", names[i]
            print ""
        }
        {
            printf "  %-26.26s %9d %6s", $1 "  " $2, $3, index($4, ",main,") ? "yes" : "-"
            for (i = 1; i <= count; i++)
                printf "  %*s", length(names[i]), index($4, "," names[i] ",") ? "yes" : "-"
            print ""
        }' "$folder/conditions" "$folder/series"
    say
    say 'Why: main takes everything; an album gets the series for which its condition holds:'
    while IFS='|' read -r name condition; do
        say "  $name"
        say "      $condition"
    done <"$folder/conditions"
    failures=$(ask_jobs "SELECT job, coalesce(destination, ''), coalesce(album, ''), coalesce(sop_instance, series, ''),
        coalesce(reason, '') FROM failures")
    if [ -n "$failures" ]; then
        say
        say 'What KHEOPS refused, or could not be taken in:'
        say "$failures" | sed 's/^/  /'
    fi
}

# One condition in detail, on an instance of the series that it keeps out.
explain_one()
{
    [ -z "$files" ] || return 0
    condition=$(sed -n 's/^ct-research|//p' "$folder/conditions")
    say
    say "For example, why ct-research did not get CT Scout (felucca condition EXPRESSION FILE):"
    "$build/bin/felucca" condition "$condition" "$folder/studies/study-0001/S1-I00001.dcm" |
        sed "s|^$folder/studies/||; s/^/  /"
}

# The generated studies are known, so what they must have become is too.
check_table()
{
    [ -z "$files" ] || return 0
    [ "$failed" = 0 ] || fail "$failed jobs failed"
    [ "$(awk -F '|' '{ n += $3 } END { print n + 0 }' "$folder/series")" = "$expected" ] ||
        fail "KHEOPS does not have all $expected instances"
    awk -F '|' '
        function has(name) { return index($4, "," name ",") > 0 }
        {
            wrong += !has("main")
            wrong += has("ct-research") != ($1 == "CT" && $2 != "Scout")
            wrong += has("head") != ($1 == "CT" || $1 == "MR" || $1 == "SR")
            wrong += has("cine-and-reports") != ($1 == "US" || $1 == "SR")
        }
        END { exit wrong > 0 }' "$folder/series" || fail 'a series is in an album where it should not be, or is missing'
}

# What the console says of all this; and there it stays, if it shall.
show_console()
{
    curl -sf "http://127.0.0.1:$console_port/now.json" >"$folder/now.json" || fail 'the console does not answer'
    say
    say "And the console, http://localhost:$console_port/, says:"
    sqlite3 -batch :memory: "SELECT '  ' || (readfile('$folder/now.json') ->> 'headline')"
    [ -n "${FELUCCA_DEMO_KEEP:-}" ] || return 0
    say 'It stays there until you press Ctrl-C.'
    outcome=0
    wait "$felucca_pid" || :
}

trap clean_up EXIT
trap 'exit "$outcome"' INT TERM
if [ ! -x "$build/bin/felucca" ] || [ ! -x "$build/tests/kheops-sim" ]; then
    fail "nothing is built in $build; make demo does it"
fi
start_kheops
say "simulated KHEOPS:  http://127.0.0.1:$admin_port/  (while the demo runs)"
felucca_port=$(free_port)
prepare_tls
console_port=$(free_port $((felucca_tls_port + 1)))
write_configuration
start_felucca
say "felucca shows:     http://localhost:$console_port/  (while the demo runs)"
say "felucca receives:  FELUCCA on 127.0.0.1, port $felucca_tls_port${tls:+, over TLS}"
if [ -n "$files" ]; then send_own; else send_generated; fi
travel
collect_senders
tell_what_was_not_sent
[ "$taken" -gt 0 ] || fail "nothing of $files could be sent"
print_table
explain_one
check_table
show_console
kill -TERM "$felucca_pid"
wait "$felucca_pid" || fail "felucca did not stop cleanly (status $?)"
felucca_pid=
say
if [ -z "$files" ]; then
    say "All $expected instances arrived, and every series is where its conditions want it."
elif [ "$delivered" = "$taken" ]; then
    say "All $taken instances that could be sent arrived."
else
    say "$delivered of $taken instances that could be sent arrived; the others are listed above."
fi
outcome=0
