# processes - what benches that start all processes share: to be sourced. The script itself has $folder, with
# the logs in it, and $pids, whom stop_all ends.

stop_all()
{
    for pid in ${pids:-}; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :
    done
    pids=
}

fail()
{
    echo "$(basename "$0"): $*" >&2
    tail -n 5 "${folder:?}"/*.log >&2 || :
    exit 1
}

# until_true SECONDS COMMAND...
until_true()
{
    left=$(($1 * 20))
    shift
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

# stored_at_least ADMIN_PORT COUNT: whether the simulated KHEOPS has so many instances.
stored_at_least()
{
    [ "$(curl -s "http://127.0.0.1:$1/sim/counts" | sed 's/.*"stored":[0-9]*,"instances":\([0-9]*\).*/\1/')" -ge "$2" ]
}
