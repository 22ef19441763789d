#!/bin/sh
# run - cells on a swarm of three hosts behind a front door: crashed, cut off, updated, misconfigured, on local and shared volumes.
#
# Usage: run.sh [IMAGES]     IMAGES: a file that keeps the images; made where it is not there, and used where it is
#
# Needs root and the packages of the kinds test and compose. Exit status 0 when everything held; 77 with the reason where no
# engine can run, or no network between engines comes up. Prints a table of what was measured, for docs/cells.md; how long
# something took fails nothing. Leaves nothing behind: no process, interface, namespace, mount, cgroup or file but IMAGES.
# shellcheck disable=SC2034,SC2154 # shared with the files below
set -eu
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n "$0" "$@"; fi

began=$(date +%s)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
images=${1:-}
test_name=swarm-test
. "$here/../engine/steps.sh"
. "$here/../engine/dockerd.sh"
. "$here/../engine/engine.sh"
. "$here/../engine/base-image.sh"
. "$here/../engine/ask.sh"
. "$here/hosts.sh"
. "$here/site.sh"
. "$here/sending.sh"
. "$here/cells.sh"
. "$here/pinned.sh"
. "$here/shared.sh"

show_logs()
{
    tail -n 60 "$folder/step.log"
    for log in "$folder"/*/log "$folder"/hosts/*/log; do
        [ ! -s "$log" ] || { say "--- $log"; grep -v level=info "$log" | tail -n 10; }
    done
    cat "$site/comparison" "$site/status" "$site"/*.log 2>/dev/null | tail -n 40
    for name in $host_names; do
        [ -S "$folder/hosts/$name/socket" ] || continue
        say "--- $name"
        timeout 10 env DOCKER_HOST="unix://$folder/hosts/$name/socket" PATH="/usr/bin:$PATH" docker ps -a || continue
        for container in $(host "$name" ps -q); do host "$name" logs --tail 15 "$container" 2>&1 || :; done
    done
}

clean_up()
{
    outcome=$?
    trap '' INT TERM
    trap - EXIT
    set +e
    exec >&3 2>&4
    if [ $outcome -ne 0 ] && [ $outcome -ne 77 ]; then
        say "swarm-test: $step_name: FAILED"
        show_logs
    fi >&2
    [ -z "$sending" ] || end_process "$sending"
    door_close
    hosts_end
    engine_stop
    rm -rf "$folder"
    exit $outcome
}

# In a function, so that a change of this file does not concern a run.
main()
{
    step engine step_engine
    step images step_images
    step hosts step_hosts
    step swarm step_swarm
    step site step_site
    step cells step_cells
    step sticky step_sticky
    step address step_address
    step crash step_crash
    step update step_update
    step broken step_broken
    step shared step_shared
    step takeover step_takeover
    step rolling step_rolling
    step cut step_cut
    step split step_split
    say "$(printf '%-16s %4d s' all $(($(date +%s) - began)))"
    say
    cat "$site/table"
}

exec 3>&1 4>&2
folder=$(mktemp -d "${TMPDIR:-/tmp}/felucca-swarm.XXXXXX")
site=$folder/site
trap clean_up EXIT
trap 'exit 1' INT TERM
{
    main
    exit 0
}
