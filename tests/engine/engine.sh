# engine - a Docker engine of our own, as if on a machine of its own: to be sourced after dockerd.sh, needs root.
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

# engine_launch [STORAGE-DRIVER]
engine_launch()
{
    dockerd_start "$engine_name" "$engine_folder" '' --bip 198.19.255.1/24 --default-address-pool base=198.19.0.0/17,size=24 \
        --mtu "$(engine_mtu)" ${1:+--storage-driver "$1"}
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
        dockerd_end "$engine_folder"
        engine_launch vfs # slow, but runs on any file system
    } || engine_cannot "dockerd does not start: $(grep -v level=info "$engine_folder/log" | tail -n 2)" || return
    export DOCKER_HOST="unix://$engine_folder/socket"
}

engine_stop()
{
    [ -n "$engine_folder" ] || return 0
    if [ -S "$engine_folder/socket" ]; then
        engine_docker ps -aq 2>/dev/null | xargs -r env PATH="/usr/bin:$PATH" docker rm -f -v >/dev/null 2>&1 || :
    fi
    dockerd_end "$engine_folder"
    engine_rules -D >/dev/null 2>&1 || :
    ip link delete "$engine_outer" 2>/dev/null || :
    ip netns delete "$engine_name" 2>/dev/null || :
    [ -z "$engine_forwarding" ] || echo "$engine_forwarding" >/proc/sys/net/ipv4/ip_forward
    dockerd_remove_groups "$engine_name"
    dockerd_remove_folders
    engine_folder=
}
