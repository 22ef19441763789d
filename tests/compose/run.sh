#!/bin/sh
# run - docker-compose.yml on a real Docker engine of its own: built, started, scaled, killed, renewed, restarted.
#
# Usage: run.sh
#
# Needs root and the packages of the kinds test and compose. Exit status 0 when everything held; 77 with the reason
# where no engine can run. Leaves nothing behind: no process, interface, iptables rule, cgroup or file.
# shellcheck disable=SC2034,SC2154 # shared with the files below
set -eu
if [ "$(id -u)" != 0 ] && sudo -n true 2>/dev/null; then exec sudo -n "$0"; fi

began=$(date +%s)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
test_name=compose-test
. "$here/../engine/steps.sh"
. "$here/../engine/dockerd.sh"
. "$here/../engine/engine.sh"
. "$here/../engine/base-image.sh"
. "$here/../engine/ask.sh"
. "$here/site.sh"
. "$here/scenario.sh"
. "$here/swarm.sh"
override=

show_logs()
{
    tail -n 60 "$folder/step.log"
    grep -v level=info "$folder/engine/log" | tail -n 20
    [ -S "$folder/engine/socket" ] || return 0
    engine_docker ps -a
    for container in $(engine_docker ps -aq); do
        engine_docker inspect -f '--- {{.Name}} {{json .State}}' "$container"
        engine_docker logs --tail 30 "$container" 2>&1 || :
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
        say "compose-test: $step_name: FAILED"
        show_logs
    fi >&2
    [ -z "${sending:-}" ] || end_process "$sending"
    engine_stop
    rm -rf "$folder"
    exit $outcome
}

start_engine() { engine_start "$folder/engine" || skip "no engine can run here: $engine_trouble"; }

# An engine may start and still be unable to run anything.
run_container()
{
    engine_docker run --rm debian:bookworm-slim true || skip "no engine can run here: no container runs: $(tail -n 1 "$folder/step.log")"
}

build() { compose --profile demo build router kheops; }

sizes()
{
    for image in debian:bookworm-slim felucca felucca-demo; do
        say "$(printf '%-22s %4d MB' "$image" $(($(engine_docker image inspect -f '{{.Size}}' "$image") / 1000000)))"
    done
}

# In a function, so that a change of this file does not concern a run.
main()
{
    step engine start_engine
    step base make_base_image "$folder/engine"
    step container run_container
    step site site_create
    step build build
    sizes
    step up step_up
    step walls step_walls
    step study step_study
    step scale step_scale
    step kill step_kill
    step token step_token
    step missing-token step_missing_token
    step restart step_restart
    step backup step_backup
    step tls step_tls
    step tcp step_tcp
    step cut step_cut
    step down step_down
    step demo step_demo
    step swarm step_swarm # the last one: a swarm that is left takes networks along
    say "$(printf '%-16s %4d s' all $(($(date +%s) - began)))"
}

exec 3>&1 4>&2
folder=$(mktemp -d "${TMPDIR:-/tmp}/felucca-compose.XXXXXX")
site=$folder/site
trap clean_up EXIT
trap 'exit 1' INT TERM
{
    main
    exit 0
}
