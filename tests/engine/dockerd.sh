# dockerd - one Docker engine in a network namespace that is there: to be sourced, needs root.
#
# It has a mount namespace and a folder of its own, with its socket, process ids and log, and a cgroup of its own. Everything
# that is started here is ended by its process id.
#
# dockerd_start NAME FOLDER APART OPTION...   in the network namespace NAME, with the cgroup /NAME; APART: options for unshare.
#                                             Sets dockerd_job. Status 1 when it does not answer
# dockerd_end FOLDER                          ends it as an operator would; its containers have to be gone before
# dockerd_remove_groups NAME...               its cgroups
# dockerd_remove_folders                      those of the machine that had to be made, when all engines have ended
# end_process PID                             asks it to end, waits, insists
#
# FOLDER/own/etc/hostname and FOLDER/own/etc/resolv.conf are its machine's, where they are there.

dockerd_made=

# What an engine writes into whatever its folders are (/etc/docker/key.json, /var/lib/docker/network): in its namespace these
# are folders of its own.
dockerd_own_folders()
{
    for dockerd_place in /etc/docker /var/lib/docker /run/docker; do
        mkdir -p "$1/own$dockerd_place"
        [ -d $dockerd_place ] || {
            mkdir $dockerd_place
            dockerd_made="$dockerd_made $dockerd_place"
        }
    done
}

# Within the namespaces. A first process (unshare --pid) takes in what nobody else waits for.
# shellcheck disable=SC2016 # the shell there expands it
dockerd_inside='
for place in /etc/docker /var/lib/docker /run/docker /etc/resolv.conf; do
    [ ! -e "$0$place" ] || mount --bind "$0$place" "$place" || exit 1
done
[ ! -e "$0/etc/hostname" ] || hostname -F "$0/etc/hostname" || exit 1
[ $$ = 1 ] || exec "$@"
"$@" &
wait $!'

# More open files than that would make programs slow that close every possible one.
dockerd_run()
{
    dockerd_name=$1
    dockerd_folder=$2
    dockerd_apart=$3
    shift 3
    # shellcheck disable=SC2086 # a list of options
    exec nsenter --net="/run/netns/$dockerd_name" unshare --mount --propagation slave $dockerd_apart sh -c "$dockerd_inside" \
        "$dockerd_folder/own" prlimit --nofile=20000:20000 dockerd --config-file "$dockerd_folder/daemon.json" \
        --data-root "$dockerd_folder/data" --exec-root "$dockerd_folder/exec" --pidfile "$dockerd_folder/pid" \
        --host "unix://$dockerd_folder/socket" --group root --exec-opt native.cgroupdriver=cgroupfs \
        --cgroup-parent "/$dockerd_name" --ip-forward=true --iptables=true --live-restore=false "$@" >>"$dockerd_folder/log" 2>&1
}

dockerd_start()
{
    dockerd_own_folders "$2"
    echo '{}' >"$2/daemon.json" # not the machine's
    rm -f "$2/socket" "$2/pid" "$2/exec/containerd/containerd.pid"
    (dockerd_run "$@") &
    dockerd_job=$!
    echo $dockerd_job >"$2/job"
    dockerd_left=300
    while [ $dockerd_left -gt 0 ] && kill -0 "$dockerd_job" 2>/dev/null; do
        dockerd_answers "$2" && return 0
        dockerd_left=$((dockerd_left - 1))
        sleep 0.2
    done
    return 1
}

# A newer client than Debian's may not speak to Debian's engine.
dockerd_answers() { DOCKER_HOST=unix://$1/socket PATH=/usr/bin:$PATH docker version >/dev/null 2>&1; }

end_process()
{
    kill -TERM "$1" 2>/dev/null || return 0
    dockerd_left=150
    while [ $dockerd_left -gt 0 ]; do
        kill -0 "$1" 2>/dev/null || return 0
        dockerd_left=$((dockerd_left - 1))
        sleep 0.2
    done
    kill -KILL "$1" 2>/dev/null || :
}

dockerd_end()
{
    for dockerd_file in "$1/pid" "$1/exec/containerd/containerd.pid" "$1/job"; do
        if [ -s "$dockerd_file" ]; then end_process "$(cat "$dockerd_file")"; fi
    done
    rm -f "$1/job"
    [ -z "${dockerd_job:-}" ] || wait "$dockerd_job" 2>/dev/null || :
}

dockerd_remove_groups()
{
    for dockerd_name; do
        for dockerd_group in /sys/fs/cgroup/"$dockerd_name" /sys/fs/cgroup/*/"$dockerd_name"; do
            [ ! -d "$dockerd_group" ] || find "$dockerd_group" -depth -type d -exec rmdir {} \; 2>/dev/null || :
        done
    done
}

# Whether a living engine has a folder of its own there. One that was killed takes a moment.
dockerd_is_used() { grep -qs " $1 " /proc/[0-9]*/mountinfo; }

# Removing what another engine has a folder of its own over would take that away, and it would write to the machine's: an empty
# folder is left instead.
dockerd_remove_folders()
{
    for dockerd_place in $dockerd_made; do
        dockerd_left=25
        while dockerd_is_used "$dockerd_place" && [ $dockerd_left -gt 0 ]; do
            dockerd_left=$((dockerd_left - 1))
            sleep 0.2
        done
        dockerd_is_used "$dockerd_place" || rmdir "$dockerd_place" 2>/dev/null || :
    done
    dockerd_made=
}
