# engine - a Docker engine of our own, as if on a machine of its own: to be sourced, needs root.
#
# It lives in a network namespace and a mount namespace, with its own folder, socket, cgroup and address ranges, so
# it neither needs nor disturbs an engine that the machine may have: bridges, published ports and iptables chains
# are in that namespace and go with it. The machine itself has, while it runs, one pair of interfaces and
# three iptables rules that let it out. Everything that is started here is ended by its pid.
#
# engine_start FOLDER   starts it; when no engine can run here, $engine_trouble says why and the status is 1
# engine_stop           ends it and removes every trace but the folder
# on_host COMMAND...    runs a command where published ports are
# engine_docker ...     docker with that engine, as $DOCKER_HOST says to docker-compose too

engine_trouble= # for whoever sources this
engine_folder=
engine_forwarding=
engine_made=

# What an engine writes into whatever its folders are (/etc/docker/key.json, /var/lib/docker/network): in its namespace these are
# folders of its own.
engine_own_folders()
{
    for engine_place in /etc/docker /var/lib/docker; do
        mkdir -p "$engine_folder/own$engine_place"
        [ -d $engine_place ] || {
            mkdir $engine_place
            engine_made="$engine_made $engine_place"
        }
    done
}

# A newer client than Debian's may not speak to Debian's engine.
engine_docker() { PATH=/usr/bin:$PATH docker "$@"; }

on_host() { nsenter --net="/run/netns/$engine_name" "$@"; }

engine_cannot()
{
    # shellcheck disable=SC2034 # read by whoever sources this
    engine_trouble=$*
    return 1
}

# A block of four addresses and the containers' ranges, from those for benchmarks (RFC 2544), which no network
# routes. The process id keeps two runs apart.
engine_choose_names()
{
    engine_name=felucca-$$
    engine_inner=fel$$i
    engine_outer=fel$$o
    engine_block=$(($$ % 16000 * 4))
    engine_gateway=198.18.$((engine_block / 256)).$((engine_block % 256 + 1))
    engine_address=198.18.$((engine_block / 256)).$((engine_block % 256 + 2))
}

# Appends or deletes (-I, -D) what lets the engine's containers out.
engine_rules()
{
    iptables -w 10 "$1" FORWARD -i "$engine_outer" -j ACCEPT
    iptables -w 10 "$1" FORWARD -o "$engine_outer" -j ACCEPT
    iptables -w 10 -t nat "$1" POSTROUTING -s "$engine_address" ! -o "$engine_outer" -j MASQUERADE
}

engine_make_network()
{
    ip netns add "$engine_name" &&
        ip link add "$engine_outer" type veth peer name "$engine_inner" netns "$engine_name" &&
        ip address add "$engine_gateway/30" dev "$engine_outer" &&
        ip link set "$engine_outer" up &&
        ip -n "$engine_name" link set lo up &&
        ip -n "$engine_name" address add "$engine_address/30" dev "$engine_inner" &&
        ip -n "$engine_name" link set "$engine_inner" up &&
        ip -n "$engine_name" route add default via "$engine_gateway" || return 1
    engine_forwarding=$(cat /proc/sys/net/ipv4/ip_forward)
    echo 1 >/proc/sys/net/ipv4/ip_forward
    engine_rules -I
}

# The smallest packet size on the way out, so that none is lost to a tunnel of the machine's.
engine_mtu()
{
    engine_device=$(ip route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
    cat "/sys/class/net/${engine_device:-lo}/mtu" 2>/dev/null || echo 1500
}

engine_launch()
{
    echo '{}' >"$engine_folder/daemon.json" # not the machine's
    engine_own_folders
    # More open files than that would make programs slow that close every possible one.
    nsenter --net="/run/netns/$engine_name" unshare --mount --propagation slave sh -c \
        'mount --bind "$0/etc/docker" /etc/docker && mount --bind "$0/var/lib/docker" /var/lib/docker && exec "$@"' \
        "$engine_folder/own" prlimit --nofile=20000:20000 dockerd --config-file "$engine_folder/daemon.json" --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" \
        --pidfile "$engine_folder/pid" --host "unix://$engine_folder/socket" --group root \
        --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/$engine_name" \
        --bip 198.19.255.1/24 --default-address-pool base=198.19.0.0/17,size=24 --mtu "$(engine_mtu)" \
        --ip-forward=true --iptables=true --live-restore=false ${1:+--storage-driver "$1"} \
        >"$engine_folder/log" 2>&1 &
    engine_job=$!
    engine_left=300
    while [ $engine_left -gt 0 ] && kill -0 "$engine_job" 2>/dev/null; do
        DOCKER_HOST=unix://$engine_folder/socket engine_docker version >/dev/null 2>&1 && return 0
        engine_left=$((engine_left - 1))
        sleep 0.2
    done
    return 1
}

engine_start()
{
    [ "$(id -u)" = 0 ] || engine_cannot 'it needs root' || return
    for engine_need in dockerd containerd docker-compose mmdebstrap ip iptables nsenter unshare; do
        command -v "$engine_need" >/dev/null 2>&1 || engine_cannot "$engine_need is not installed" || return
    done
    engine_choose_names
    engine_folder=$1
    mkdir -p "$engine_folder"
    engine_make_network >"$engine_folder/network.log" 2>&1 ||
        engine_cannot "no network can be made here: $(tail -n 1 "$engine_folder/network.log")" || return
    engine_launch || {
        engine_end_processes
        engine_launch vfs # slow, but runs on any file system
    } || engine_cannot "dockerd does not start: $(grep -v level=info "$engine_folder/log" | tail -n 2)" || return
    export DOCKER_HOST="unix://$engine_folder/socket"
}

# end_process PID: asks it to end, waits, insists.
end_process()
{
    kill -TERM "$1" 2>/dev/null || return 0
    engine_left=150
    while [ $engine_left -gt 0 ]; do
        kill -0 "$1" 2>/dev/null || return 0
        engine_left=$((engine_left - 1))
        sleep 0.2
    done
    kill -KILL "$1" 2>/dev/null || :
}

engine_end_processes()
{
    for engine_file in "$engine_folder/pid" "$engine_folder/exec/containerd/containerd.pid"; do
        if [ -s "$engine_file" ]; then end_process "$(cat "$engine_file")"; fi
    done
    if [ -n "${engine_job:-}" ]; then
        end_process "$engine_job"
        wait "$engine_job" 2>/dev/null || :
    fi
}

engine_remove_groups()
{
    for engine_group in /sys/fs/cgroup/"$engine_name" /sys/fs/cgroup/*/"$engine_name"; do
        [ ! -d "$engine_group" ] || find "$engine_group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
    done
}

engine_stop()
{
    [ -n "$engine_folder" ] || return 0
    if [ -S "$engine_folder/socket" ]; then
        engine_docker ps -aq 2>/dev/null | xargs -r env PATH="/usr/bin:$PATH" docker rm -f -v >/dev/null 2>&1 || :
    fi
    engine_end_processes
    engine_rules -D >/dev/null 2>&1 || :
    ip link delete "$engine_outer" 2>/dev/null || :
    ip netns delete "$engine_name" 2>/dev/null || :
    [ -z "$engine_forwarding" ] || echo "$engine_forwarding" >/proc/sys/net/ipv4/ip_forward
    engine_remove_groups
    for engine_place in $engine_made; do rmdir "$engine_place" 2>/dev/null || :; done
    engine_made=
    engine_folder=
}
