# processes - what benches that start all processes share: to be sourced. The script itself has $build, $folder, with
# the logs in it, $port, $kheops_port and $admin_port, and $pids, whom stop_all ends.

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

# start_kheops OPTION...: a simulated one that keeps no bytes, with the token MAINWRITE; at $kheops_port and $admin_port.
start_kheops()
{
    rm -f "${folder:?}/ports"
    "${build:?}/tests/kheops-sim" --port-file "$folder/ports" --discard --token main:write:MAINWRITE "$@" \
        >"$folder/kheops.log" 2>&1 &
    pids="$pids $!"
    until_true 10 test -s "$folder/ports"
    # shellcheck disable=SC2034 # the script uses them
    read -r kheops_port admin_port <"$folder/ports" || :
}

# write_configuration STATE_DIR: $folder/felucca.yaml, with one destination; standard input says more of it.
write_configuration()
{
    {
        cat <<END
state_dir: $1
receiver: { port: ${port:?}, bind: 127.0.0.1, min_free_space: 256MiB }
metrics: { port: 0 }
nodes:
  - aet: FELUCCA
    destinations:
      - name: main
        stow_url: http://127.0.0.1:${kheops_port:-9}/api/studies
        headers: "Authorization: Bearer MAINWRITE"
END
        cat
    } >"${folder:?}/felucca.yaml"
}
