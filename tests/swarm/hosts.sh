# hosts - three machines with a Docker engine each, a switch between them, and who is outside: to be sourced after engine.sh,
# needs root. All of it are namespaces; the switch leads nowhere else.
#
#     n1 n2 n3    .11 .12 .13   hosts; a host's processes share a process namespace, so that its power is one process
#     outside     .1            KHEOPS and the front door: the namespace of the engine of engine.sh
#     callers     .50           who sends
#
# hosts_begin FOLDER      switch, outside and callers; hosts_end removes every trace
# host_on N               its power: a fresh network namespace, the engine with what its folder has
# host_crash N            the cable is out, and everything that runs there is gone at once
# host_cut N, host_heal N the cable alone
# host N COMMAND...       docker of that host;  callers COMMAND...  a command where the callers are
# shellcheck disable=SC2154 # engine_name: of engine.sh

host_names='n1 n2 n3'
lan=192.0.2 # for documentation (RFC 5737): routed nowhere
hosts_folder=

host()
{
    host_one=$1
    shift
    DOCKER_HOST=unix://$hosts_folder/$host_one/socket engine_docker "$@"
}

host_space() { echo "$engine_name-$1"; }
host_address() { echo "$lan.1${1#n}"; }
callers() { nsenter --net="/run/netns/$(host_space callers)" "$@"; }
switch() { ip -n "$(host_space switch)" "$@"; }

# host_plug NAME SPACE ADDRESS: a cable from the switch's port NAME into the namespace.
host_plug()
{
    switch link delete "$1" 2>/dev/null || : # the one of before goes when it likes
    switch link add "$1" type veth peer name lan0 netns "$2" &&
        switch link set "$1" master bridge up &&
        ip -n "$2" link set lo up &&
        ip -n "$2" address add "$3/24" dev lan0 &&
        ip -n "$2" link set lan0 up
}

hosts_begin()
{
    hosts_folder=$1
    mkdir -p "$hosts_folder"
    ip netns add "$(host_space switch)" &&
        switch link add bridge type bridge &&
        switch link set bridge up &&
        ip netns add "$(host_space callers)" &&
        host_plug outside "$engine_name" $lan.1 &&
        host_plug callers "$(host_space callers)" $lan.50
}

host_on()
{
    mkdir -p "$hosts_folder/$1/own/etc"
    echo "$1" >"$hosts_folder/$1/own/etc/hostname"
    echo 'nameserver 127.0.0.1' >"$hosts_folder/$1/own/etc/resolv.conf" # a registry that nobody waits for
    ip netns add "$(host_space "$1")" &&
        host_plug "$1" "$(host_space "$1")" "$(host_address "$1")" &&
        dockerd_start "$(host_space "$1")" "$hosts_folder/$1" '--uts --pid --fork --kill-child=KILL --mount-proc' \
            --bip 198.19.255.1/24 --default-address-pool base=198.19.0.0/17,size=24
}

host_crash()
{
    host_cut "$1"
    host_kill "$1"
    ip netns delete "$(host_space "$1")"
}

# The job is unshare: with it goes the first process of the host, with that one all others.
host_kill()
{
    [ -s "$hosts_folder/$1/job" ] || return 0
    kill -KILL "$(cat "$hosts_folder/$1/job")"
    wait "$(cat "$hosts_folder/$1/job")" 2>/dev/null || :
    rm -f "$hosts_folder/$1/job" "$hosts_folder/$1/socket"
}

host_cut() { switch link set "$1" down; }
host_heal() { switch link set "$1" up; }

hosts_end()
{
    [ -n "$hosts_folder" ] || return 0
    for host_one in $host_names; do host_kill "$host_one"; done
    for host_one in $host_names callers switch; do ip netns delete "$(host_space "$host_one")" 2>/dev/null || :; done
    for host_one in $host_names; do dockerd_remove_groups "$(host_space "$host_one")"; done
    hosts_folder=
}
