# cells - what is asked of the cells, whichever way they are deployed: to be sourced after sending.sh.
# shellcheck disable=SC2034,SC2154 # site, root, manager: of run.sh and its files

config_version=0
router_services= # HOST=SERVICE of each cell's router, while it is there

# The files as they are; the configuration knows the simulated KHEOPS and the front door. The port for /readyz/cell is open.
cell_files()
{
    sed 's|# \(- { target: 9400, published: 9400, mode: host }\)|\1|' "$root/deploy/swarm/cell.yml" >"$site/swarm/cell.yml"
    sed -e 's|# \(- { target: 9400, published: 9400, mode: host }\)|\1|' -e "s|/srv/felucca/|$folder/shared/|" \
        "$root/deploy/swarm/shared.yml" >"$site/swarm/shared.yml"
    for file in cell shared; do
        grep -q '^      - { target: 9400' "$site/swarm/$file.yml" || fail "deploy/swarm/$file.yml does not offer port 9400"
    done
}

# new_configuration [LINE]: the next version, with a line more.
new_configuration()
{
    config_version=$((config_version + 1))
    sed -e "s|https://kheops.example.org|http://$lan.1:8042|" \
        -e "s|^metrics:.*|&\nreceiver: { min_free_space: 256MiB, proxies: [$lan.1] }\nretry: { first: 500ms, ceiling: 5s }|" \
        "$root/deploy/swarm/felucca.yaml" >"$site/swarm/felucca.yaml"
    [ $# = 0 ] || echo "$1" >>"$site/swarm/felucca.yaml"
}

# deploy FILE STACK: a stack with the newest configuration; a pinned one is called as its host.
deploy()
{
    (
        cd "$site/swarm"
        CELL=$2 CONFIG_VERSION=$config_version FELUCCA_HEALTH_INTERVAL=2s
        export CELL CONFIG_VERSION FELUCCA_HEALTH_INTERVAL
        host $manager stack deploy --resolve-image never -c "$1" "$2"
    ) || fail "docker stack deploy refuses $1"
}

remove_stack() { host $manager stack rm "$1"; }

# The running containers of a service on a host; of all without a service.
containers_at() { host "$1" ps -q ${2:+--filter "label=com.docker.swarm.service.name=$2"}; }

host_is_empty() { [ -z "$(host "$1" ps -aq)" ]; }

# works HOST: its receiver is ready, its router works.
works() { on_host curl -sf -m 2 -o /dev/null "http://$(host_address "$1"):9400/readyz/cell"; }

# in_cell HOST SERVICE COMMAND...: in the container of the service's.
in_cell()
{
    in_host=$1
    in_id=$(containers_at "$1" "$2" | head -n 1)
    shift 2
    [ -n "$in_id" ] && host "$in_host" exec "$in_id" "$@"
}

# status_sum HOST SERVICE EXPRESSION: summed up over the lines x of `felucca status --json`.
status_sum()
{
    in_cell "$1" "$2" felucca status --json >"$site/status" || return 1
    { printf '[' && paste -s -d , "$site/status" && printf ']'; } |
        from_json "(SELECT coalesce(sum($3), 0) FROM (SELECT value AS x FROM json_each(j)))"
}

cell_has_done()
{
    [ "$(status_sum "$1" "$2" "coalesce(x ->> 'waiting' + x ->> 'queued' + x ->> 'in_flight', 0)
        + coalesce(x ->> 'failed', 0) + coalesce(x ->> 'quarantined', 0)")" = 0 ]
}

cells_have_done()
{
    for router in $router_services; do cell_has_done "${router%=*}" "${router#*=}" || return 1; done
}

# waits_more_than HOST SERVICE COUNT: deliveries.
waits_more_than()
{
    [ "$(status_sum "$1" "$2" "CASE WHEN x ->> 'album' IS NULL THEN coalesce(x ->> 'queued', 0) ELSE 0 END")" -gt "$3" ]
}

service_state() { host $manager service inspect -f '{{with .UpdateStatus}}{{.State}}{{end}}' "$1"; }
service_is() { [ "$(service_state "$1")" = "$2" ]; }
