# reception - what benches of the receiver share: to be sourced. The script itself has $build, $folder, $port, $server and $reaper, whom
# stop_server ends; and, if it likes, $preload, a library in front of the receiver's.

stop_reaper()
{
    [ -z "$reaper" ] || { kill "$reaper" 2>/dev/null && wait "$reaper" 2>/dev/null; } || :
    reaper=''
}

stop_server()
{
    stop_reaper
    [ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || :
    server=
}

# Waits until somebody answers C-ECHO.
wait_server()
{
    tries=0
    until echoscu -aec FELUCCA 127.0.0.1 "$port" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "nobody answers on port $port" >&2; exit 1; }
        kill -0 "$server" || exit 1
    done
}

# start NODELAY COMMAND...
start()
{
    port=$((port + 1))
    nodelay=$1
    shift
    if [ "$nodelay" = on ]; then
        TCP_NODELAY=1 "$@" "$port" >/dev/null 2>&1 &
    else
        "$@" "$port" >/dev/null 2>&1 &
    fi
    server=$!
    wait_server
}

# shellcheck disable=SC2154 # the script itself has $build and $folder
start_receiver()
{
    port=$((port + 1))
    state=$(mktemp -d "$folder/state.XXXXXX")
    cat >"$folder/felucca.yaml" <<END
state_dir: $state
receiver:
  port: $port
  bind: 127.0.0.1
  min_free_space: 256MiB
metrics: { port: 0 }
nodes:
  - aet: FELUCCA
    destinations:
      - name: nowhere
        stow_url: http://127.0.0.1:9/api/studies
END
    run_receiver
}

# The one of the configuration that start_receiver wrote.
# shellcheck disable=SC2154 # the script itself has $build and $folder
run_receiver()
{
    ${preload:+env LD_PRELOAD="$preload"} "$build/bin/felucca-receiver" --config "$folder/felucca.yaml" 2>"$folder/receiver.log" &
    server=$!
    wait_server
}

# cpu_of PID: clock ticks of a process and of its children that have ended.
cpu_of()
{
    sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 + $14 + $15 }'
}

# send NODELAY ASSOCIATIONS INPUT: that many senders at once, each with a study of its own.
send()
{
    senders=
    for study in $(seq -f study-%04g 1 "$2"); do
        if [ "$1" = on ]; then
            TCP_NODELAY=1 storescu -aec FELUCCA +sd 127.0.0.1 "$port" "$3/$study" &
        else
            storescu -aec FELUCCA +sd 127.0.0.1 "$port" "$3/$study" &
        fi
        senders="$senders $!"
    done
    for sender in $senders; do
        wait "$sender" || { echo "storescu failed" >&2; exit 1; }
    done
}

# measure NAME NODELAY ASSOCIATIONS INPUT INSTANCES: adds instances and nanoseconds to the table.
measure()
{
    begin=$(date +%s%N)
    send "$2" "$3" "$4"
    end=$(date +%s%N)
    echo "$1-$3 $(($3 * $5)) $((end - begin))" >>"$folder/table"
}

# reap FOLDER: from now on files go as they come; $folder/reaped has their number after stop_reaper.
reap()
{
    "$build/tests/bench_reaper" "$1" 100 >"$folder/reaped" &
    reaper=$!
}

out()
{
    mktemp -d "$folder/out.XXXXXX"
}

# journal FOLDER: what its file system is.
journal()
{
    kind=$(stat -f -c %T "$1")
    device=$(df --output=source "$1" | tail -n 1)
    [ "$kind" != ext2/ext3 ] || kind=ext4
    if [ "$(cat "/sys/fs/ext4/$(basename "$device")/journal_task" 2>/dev/null)" = '<none>' ]; then
        kind="$kind without a journal"
    fi
    echo "$kind"
}
