# site - a hospital for the test: its settings, tokens and studies, and questions to what runs. To be sourced.
#
# $site is its folder, $root the source tree. Everything is told from outside: the published port, docker-compose,
# the simulated KHEOPS's admin port.
# shellcheck disable=SC2154 # root, site, override: of run.sh

dicom_port=11112

# docker-compose on this test's project. The engine of engine.sh is $DOCKER_HOST.
compose()
{
    (cd "$root" && COMPOSE_DOCKER_CLI_BUILD=0 DOCKER_BUILDKIT=0 docker-compose --ansi never --env-file "$site/env" \
        -f docker-compose.yml ${override:+-f "$override"} "$@") </dev/null
}

# The demo's configuration and tokens, the latter put there as docs/deployment.md says.
site_create()
{
    mkdir -p "$site/config" "$site/secrets/sender" "$site/secrets/sharer" "$site/studies"
    chmod 711 "$site" "$site/secrets"
    chmod 755 "$site/config" "$site/secrets/sender" "$site/secrets/sharer"
    chmod 777 "$site/studies"
    cp "$root/deploy/demo/config/felucca.yaml" "$site/config"
    chmod 644 "$site/config/felucca.yaml"
    for secret in sender/main_write sharer/main_send sharer/ct_research_write sharer/cine_write; do
        put_secret $secret <"$root/deploy/demo/secrets/$secret"
    done
    cat >"$site/env" <<END
COMPOSE_PROJECT_NAME=felucca
FELUCCA_CONFIG_FOLDER=$site/config
FELUCCA_SECRETS_FOLDER=$site/secrets
FELUCCA_DICOM_PORT=$dicom_port
FELUCCA_DEMO_PAGE_PORT=$admin_port
FELUCCA_HEALTH_INTERVAL=2s
END
}

put_secret() { FELUCCA_SECRETS_FOLDER=$site/secrets "$root/deploy/put-secret.sh" "$1"; }

# The running containers of the services, one id a line; all services without a name.
containers()
{
    for service in "${@:-}"; do
        engine_docker ps -q --filter label=com.docker.compose.project=felucca \
            --filter "label=com.docker.compose.service${service:+=$service}"
    done
}

# inside SERVICE COMMAND...: in the service's first container.
inside()
{
    inside_id=$(containers "$1" | head -n 1)
    shift
    engine_docker exec "${inside_id:?}" "$@"
}

# all_healthy COUNT: as many containers run, each of them healthy or without a health check.
all_healthy()
{
    containers | xargs -r env PATH="/usr/bin:$PATH" docker inspect \
        -f '{{.State.Running}} {{with .State.Health}}{{.Status}}{{else}}healthy{{end}}' |
        awk -v wanted="$1" '$0 == "true healthy" { n++ } END { exit n != wanted || NR != wanted }'
}

# make_studies NAME OPTION...: generated studies in $site/studies/NAME.
make_studies()
{
    make_name=$1
    shift
    engine_docker run --rm -v "$site/studies:/studies" felucca-demo make-dicom --out "/studies/$make_name" "$@" >/dev/null
}

# send FOLDER: as a modality would, to the published port. Sends nothing twice by itself.
send()
{
    on_host storescu -to 10 -aet SCANNER -aec FELUCCA +sd +r 127.0.0.1 $dicom_port "$1" >"$site/storescu.log" 2>&1
}

# Instances that KHEOPS has; series that are in one of its albums.
kheops_instances() { ask_kheops counts | from_json "j ->> 'instances'"; }
kheops_series_in()
{
    ask_kheops counts | from_json "(SELECT count(*) FROM json_each(j -> 'albums') a, json_each(a.value -> 'series') s
        WHERE a.value ->> 'name' = '$1' AND s.value ->> 'puts' > 0)"
}

# status_sum EXPRESSION: summed up over the lines x of `felucca status --json`.
status_sum()
{
    {
        printf '['
        inside router felucca status --json | paste -s -d ,
        printf ']'
    } 2>/dev/null | from_json "(SELECT coalesce(sum($1), 0) FROM (SELECT value AS x FROM json_each(j)))"
}

# No file waits for the router: one whose hint died with a process is found by the next scan.
nothing_comes() { inside router sh -c '! ls /var/lib/felucca/spool/incoming | grep -q "\.dcm$"'; }

# arrived INSTANCES SERIES: KHEOPS has so many instances, so many series are in the album of its CT, the gateway has
# nothing left to do and nothing failed.
arrived()
{
    [ "$(kheops_instances)" = "$1" ] && [ "$(kheops_series_in ct-research)" = "$2" ] && nothing_comes &&
        [ "$(status_sum "x ->> 'waiting' + x ->> 'queued' + x ->> 'in_flight'")" = 0 ] &&
        [ "$(status_sum "coalesce(x ->> 'failed', 0) + coalesce(x ->> 'quarantined', 0)")" = 0 ]
}
