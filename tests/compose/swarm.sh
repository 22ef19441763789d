# swarm - deploy/swarm/cell.yml as a stack of a swarm of one node, on the same engine: to be sourced after scenario.sh. Several
# nodes, a crash and a cut are not tried here.
# shellcheck disable=SC2154 # root, site, engine_address: of run.sh and engine.sh

swarm_cell=n1

# A network between nodes needs more of the kernel than a bridge does.
swarm_begin()
{
    engine_docker swarm init --advertise-addr "$engine_address" --listen-addr "$engine_address:2377" \
        --data-path-addr "$engine_address" --default-addr-pool 198.19.128.0/17 || return 1
    engine_docker node update --label-add felucca_cell=$swarm_cell "$(engine_docker node ls -q)" &&
        engine_docker network create --driver overlay --attachable probe &&
        engine_docker run --rm --network probe debian:bookworm-slim true || return 1
    engine_docker network rm probe
}

swarm_end()
{
    engine_docker swarm leave --force || :
    for kind in volume network; do # docker_gwbridge stays otherwise
        engine_docker $kind ls -q --filter "$([ $kind = volume ] && echo dangling=true || echo type=custom)" |
            xargs -r env PATH="/usr/bin:$PATH" docker $kind rm || :
    done
}

# The file as it is; configuration and tokens are those of the simulated KHEOPS.
swarm_files()
{
    mkdir -p "$site/swarm/secrets"
    cp "$root/deploy/swarm/cell.yml" "$site/swarm"
    sed -e 's|https://kheops.example.org|http://kheops:8042|' \
        -e 's|^metrics:.*|&\nreceiver: { min_free_space: 256MiB }\nretry: { first: 500ms, ceiling: 5s }|' \
        "$root/deploy/swarm/felucca.yaml" >"$site/swarm/felucca.yaml"
    for token in main_write=DEMOmainWRITE main_send=DEMOmainSEND research_ct_write=DEMOctWRITE; do
        echo "${token#*=}" >"$site/swarm/secrets/${token%%=*}"
    done
}

# Its containers of a service; of all without a name.
swarm_containers()
{
    engine_docker ps -q --filter "label=com.docker.stack.namespace=$swarm_cell" \
        ${1:+--filter "label=com.docker.swarm.service.name=${swarm_cell}_$1"}
}

swarm_healthy()
{
    swarm_containers | xargs -r env PATH="/usr/bin:$PATH" docker inspect -f '{{.State.Health.Status}}' |
        awk -v wanted="$1" '$0 == "healthy" { n++ } END { exit n != wanted || NR != wanted }'
}

swarm_felucca()
{
    swarm_id=$(swarm_containers router | head -n 1)
    engine_docker exec "${swarm_id:?}" felucca "$@"
}

swarm_kheops_has() { [ "$(kheops_instances)" = "$1" ] && [ "$(kheops_series_in ct-research)" = "$2" ]; }

swarm_is_gone() { [ -z "$(engine_docker ps -aq --filter "label=com.docker.stack.namespace=$swarm_cell")" ]; }

swarm_deploy()
{
    (cd "$site/swarm" && CELL=$swarm_cell CONFIG_VERSION=$1 PATH=/usr/bin:$PATH docker stack deploy --resolve-image never \
        -c cell.yml $swarm_cell)
}

# The overlay network is the stack's: KHEOPS joins it when it is there.
swarm_start()
{
    swarm_files
    swarm_deploy 1 || fail 'the stack is refused'
    engine_docker run -d --name kheops --network ${swarm_cell}_cell -p "127.0.0.1:$admin_port:8043" felucca-demo kheops-sim \
        --bind=0.0.0.0 --port=8042 --admin-port=8043 --discard --token=main:write:DEMOmainWRITE \
        --token=main:read,send:DEMOmainSEND --token=ct-research:write:DEMOctWRITE >/dev/null
    wait_for 'not all services of the stack became healthy' swarm_healthy 5
}

step_swarm()
{
    if ! swarm_begin; then
        say "swarm: skipped: no overlay network comes up here: $(tail -n 1 "$folder/step.log")" >&3
        swarm_end
        return 0
    fi
    swarm_start
    make_studies swarm --studies 1 --instances 6 --size 8K --seed 140 --modality CT
    send "$site/studies/swarm" || fail "storescu: $(tail -n 1 "$site/storescu.log")"
    wait_for 'the stack does not deliver and share' swarm_kheops_has 6 1
    swarm_felucca status --json | grep -q "\"name\":\"$swarm_cell\"" || fail "status does not name the cell"
    swarm_deploy 2 || fail 'another version of configuration and tokens is refused'
    wait_for 'not all services became healthy with another version' swarm_healthy 5
    engine_docker rm -f kheops
    engine_docker stack rm $swarm_cell || : # its network may still be in use; leaving removes it
    wait_for 'the stack does not go' swarm_is_gone
    swarm_end
    nothing_left
}
