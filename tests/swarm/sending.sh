# sending - studies come in while something happens; then what was accepted is compared with what arrived, and measured: to be
# sourced after site.sh. $story is the name of what happens.
# shellcheck disable=SC2034,SC2154 # site, here, lan, dicom_port: of run.sh and its files

story=
sending=
titles=6 # callers, each with a title of its own

now() { date +%s.%N; }

# seconds FROM TO: with one place.
seconds() { awk -v from="$1" -v to="$2" 'BEGIN { printf "%.1f", to - from }'; }

# call_at ADDRESS OPTION...: callers.py, from where the callers are; call OPTION...: at the front door. In a process of its own.
call_at()
{
    call_address=$1
    shift
    exec nsenter --net="/run/netns/$(host_space callers)" /usr/bin/python3 "$here/callers.py" "$call_address" $dicom_port "$@"
}

call() { call_at $lan.1 "$@"; }

# begin_sending STORY
begin_sending()
{
    story=$1
    rm -f "$site/stop"
    : >"$site/accepted.$story"
    (call --studies "$site/studies/many" --accepted "$site/accepted.$story" --callers $titles --stop "$site/stop" \
        >"$site/report.$story" 2>"$site/callers.log") &
    sending=$!
    wait_for 'nothing is accepted' accepted_more_than 100
}

accepted() { wc -l <"$site/accepted.$story"; }
accepted_more_than() { [ "$(accepted)" -gt "$1" ]; }

# goes_on [INSTANCES]: whatever was done, instances are still accepted.
goes_on() { wait_for 'nothing is accepted any more' accepted_more_than $(($(accepted) + ${1:-50})); }

stop_sending()
{
    touch "$site/stop"
    wait "$sending" || fail "callers: $(tail -n 2 "$site/callers.log")"
    sending=
}

# ---- what arrived ----

# Of this story, accepted and arrived; of all, what nobody accepted, and what is not shared.
comparison()
{
    ask_kheops state >"$site/state"
    others=$(find "$site" -name 'accepted.*')
    # shellcheck disable=SC2086 # a list of paths without blanks
    /usr/bin/python3 "$here/compare.py" "$site/accepted.$story" "$site/state" ct-research $others
}

all_arrived()
{
    comparison >"$site/comparison"
    awk '$2 != $4 || $6 || $8 { exit 1 }' "$site/comparison"
}

expect_all() { wait_for "not the same was accepted and has arrived: $(cat "$site/comparison" 2>/dev/null)" all_arrived; }

# ---- the table ----

table_head()
{
    cat >"$site/table" <<'END'
| what happened | accepted | arrived | associations failed | longest gap, of one caller | measured |
|---|---|---|---|---|---|
END
}

# table_row WHAT MEASURED: of the story.
table_row()
{
    row=$(from_json "printf('%s of %s | %.2f s, %.2f s', j ->> 'failed', j ->> 'associations', j ->> 'gap', j ->> 'caller_gap')" \
        <"$site/report.$story")
    awk -v what="$1" -v row="$row" -v measured="$2" \
        '{ printf "| %s | %s | %s | %s | %s |\n", what, $2, $4, row, measured }' "$site/comparison" >>"$site/table"
    tail -n 1 "$site/table" >&3
}

# end_sending WHAT MEASURED: all of it is at KHEOPS and shared, no cell has anything left to do or failed.
end_sending()
{
    stop_sending
    tell_kheops config '{"delay_ms": 0}'
    expect_all
    wait_for 'a cell still has work, or something failed' cells_have_done
    table_row "$1" "$2"
}
