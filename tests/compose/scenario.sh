# scenario - what the deployment must bear, step by step: to be sourced after engine.sh and site.sh. Each step fails
# with a sentence. The number of instances and of CT series at KHEOPS goes on from step to step.
# shellcheck disable=SC2034,SC2154 # root, site, override: of run.sh

instances=0
series=0

# expect_more INSTANCES SERIES
expect_more()
{
    instances=$((instances + $1))
    series=$((series + $2))
}

all_arrived() { wait_for "not everything was delivered and shared: $instances instances, $series CT series" \
    arrived $instances $series; }

count_files() { find "$1" -name '*.dcm' | wc -l; }

# up SENDERS: everything but what sends.
up()
{
    compose --profile demo up -d --no-build --scale "sender=$1" kheops receiver router sender sharer
    wait_for 'not all services became healthy' all_healthy $((4 + $1))
}

step_up() { up 3; }

# ---- who sees what ----

# must SERVICE SENTENCE COMMAND: a shell command that has to succeed inside; must_not: that has to fail.
must() { inside "$1" sh -c "$3" >/dev/null 2>&1 || fail "$1: $2"; }
must_not() { ! inside "$1" sh -c "$3" >/dev/null 2>&1 || fail "$1: $2"; }

only_secrets()
{
    inside "$1" find /run/secrets -mindepth 1 -maxdepth 1 >"$site/seen"
    [ "$(cat "$site/seen")" = "$2" ] || fail "$1: sees the wrong secrets: $(cat "$site/seen")"
}

step_walls()
{
    state=/var/lib/felucca
    sockets=/run/felucca
    for service in receiver router sender sharer; do
        must $service 'does not run as user 11112' '[ "$(id -u):$(id -g)" = 11112:11112 ]'
        must $service 'has capabilities' 'grep -q "^CapBnd:[[:space:]]*0*$" /proc/1/status'
        must_not $service 'can write to its root file system' 'touch /etc/new || touch /usr/new || touch /new'
        must_not $service 'has a compiler' 'command -v cc || command -v gcc || command -v g++ || command -v cmake'
    done
    must router 'has no database' "test -f $state/jobs.db"
    for service in receiver sender sharer; do
        must_not $service 'sees the job database' "test -e $state/jobs.db"
    done
    must sender 'does not see the spool' "test -d $state/spool/incoming"
    must_not sender 'can write to the spool' "touch $state/spool/incoming/new"
    must receiver 'cannot write to the spool' "touch $state/spool/incoming/new && rm $state/spool/incoming/new"
    must_not sharer 'sees the spool' "test -e $state/spool/incoming"
    must receiver 'does not see the socket for hints' "test -S $sockets/hints/sock"
    must_not receiver 'sees more than the socket for hints' "test -e $sockets/work/sock || test -e $sockets/control/sock"
    for service in sender sharer; do
        must $service 'does not see the socket for work' "test -S $sockets/work/sock"
        must_not $service 'sees more than the socket for work' "test -e $sockets/hints/sock || test -e $sockets/control/sock"
    done
    only_secrets receiver ''
    only_secrets router ''
    only_secrets sender /run/secrets/sender
    only_secrets sharer /run/secrets/sharer
    must_not sender 'can change its secrets' 'touch /run/secrets/sender/new'
    # Address and port of what the containers publish, the changing ones of senders and sharers aside.
    published=$(containers receiver router sender sharer | xargs env PATH="/usr/bin:$PATH" docker inspect -f \
        '{{range $inner, $outer := .NetworkSettings.Ports}}{{range $outer}}{{.HostIp}} {{$inner}}{{"\n"}}{{end}}{{end}}' |
        grep -v '^127\.0\.0\.1 94' | sort -u | tr -d '\n')
    [ "$published" = '0.0.0.0 11112/tcp' ] || fail "published is: $published"
    on_host curl -sf -o /dev/null http://127.0.0.1:9401/metrics || fail 'the router tells no metrics on the loopback'
}

# ---- work ----

# The operator asks the router for changes from inside of its container.
operator_is_heard()
{
    inside router felucca hold main || fail 'the router does not hear the operator'
    wait_for 'the destination is not held' destination_is held
    inside router felucca release main
}

step_study()
{
    operator_is_heard
    make_studies demo --demo
    for study in "$site"/studies/demo/*; do
        send "$study" || fail "storescu: $(tail -n 1 "$site/storescu.log")"
    done
    expect_more "$(count_files "$site/studies/demo")" 2
    all_arrived
}

# Small studies of five CT instances, one after the other as a modality would, each until it was taken: until they
# are told to stop or there are no more.
send_many()
{
    for study in "$site"/studies/many/*; do
        [ ! -e "$site/stop" ] || break
        until send "$study"; do
            [ ! -e "$site/stop" ] || break 2
            sleep 0.2
        done
        echo >>"$site/sent"
    done
}

sent() { wc -l <"$site/sent"; }
sent_more_than() { [ "$(sent)" -gt "$1" ]; }

# goes_on: while whatever was done, studies still come in.
goes_on() { wait_for 'nothing is received any more' sent_more_than "$(sent)"; }

begin_sending()
{
    make_studies many --studies 2000 --instances 5 --size 8K --seed 1000 --modality CT
    tell_kheops config '{"delay_ms": 100}' # so that there is work in hand when something dies
    : >"$site/sent"
    send_many &
    sending=$!
}

end_sending()
{
    touch "$site/stop"
    wait "$sending"
    sending=
    tell_kheops config '{"delay_ms": 0}'
    [ "$(sent)" -lt 2000 ] || fail 'it took so long that all studies were sent before'
    expect_more $(($(sent) * 5)) "$(sent)"
    all_arrived
}

scale() { compose up -d --no-build --no-recreate --scale "sender=$1" sender; }

step_scale()
{
    begin_sending
    scale 1
    [ "$(containers sender | wc -l)" = 1 ] || fail 'there is not one sender'
    goes_on
    scale 4
    [ "$(containers sender | wc -l)" = 4 ] || fail 'there are not four senders'
    goes_on
}

process_of() { engine_docker inspect -f '{{.State.Pid}}' "$1"; }

runs_anew()
{
    new=$(process_of "$1")
    [ "$new" != 0 ] && [ "$new" != "$2" ]
}

# From outside, as a crash: `docker kill` would count as somebody's wish.
step_kill()
{
    for container in $(containers receiver router sender sharer); do
        old=$(process_of "$container")
        kill -KILL "$old"
        wait_for "container $container was not started again" runs_anew "$container" "$old"
    done
    goes_on
    wait_for 'not all services became healthy again' all_healthy 8
    end_sending
}

# ---- tokens ----

destination_is()
{
    [ "$(status_sum "x ->> 'destination' = 'main' AND x ->> 'album' IS NULL AND x ->> 'state' = '$1'")" = 1 ]
}

lives() { containers | sort | xargs env PATH="/usr/bin:$PATH" docker inspect -f '{{.Id}} {{.State.StartedAt}}'; }

step_token()
{
    before=$(lives)
    tell_kheops tokens/DEMOmainWRITE '{"revoked": true}'
    make_studies after --studies 1 --instances 3 --size 8K --seed 77 --modality CT
    send "$site/studies/after" || fail "storescu: $(tail -n 1 "$site/storescu.log")"
    expect_more 3 1
    wait_for 'the destination is not blocked without its token' destination_is blocked
    tell_kheops tokens '{"album": "main", "scope": "write", "token": "DEMOmainRENEWED"}'
    echo DEMOmainRENEWED | put_secret sender/main_write
    all_arrived
    [ "$(lives)" = "$before" ] || fail 'a container was started anew for a token'
    compose run --rm check >"$site/check" 2>&1 || fail "felucca check: $(cat "$site/check")"
}

# A file that is not there has to be named.
step_missing_token()
{
    mv "$site/secrets/sender/main_write" "$site/secrets/sender/away"
    ! compose run --rm check >"$site/check" 2>&1 || fail 'felucca check does not miss a token'
    grep -q /run/secrets/sender/main_write "$site/check" || fail "the missing file is not named: $(cat "$site/check")"
    mv "$site/secrets/sender/away" "$site/secrets/sender/main_write"
}

# ---- ends and new beginnings ----

waiting()
{
    [ "$(status_sum "CASE WHEN x ->> 'album' IS NULL THEN x ->> 'queued' + x ->> 'in_flight' ELSE 0 END")" = "$1" ]
}

# leave_waiting SEED INSTANCES: a study that KHEOPS is away for.
leave_waiting()
{
    tell_kheops away '{"away": true}'
    make_studies "waiting-$1" --studies 1 --instances "$2" --size 8K --seed "$1" --modality CT
    send "$site/studies/waiting-$1" || fail "storescu: $(tail -n 1 "$site/storescu.log")"
    wait_for "not $2 instances wait" waiting "$2"
}

# A new simulated KHEOPS remembers nothing: only what waited comes.
new_kheops()
{
    echo DEMOmainWRITE | put_secret sender/main_write
    instances=0
    series=0
}

step_restart()
{
    leave_waiting 88 7
    compose --profile demo stop
    for container in $(engine_docker ps -aq); do
        status=$(engine_docker inspect -f '{{.State.ExitCode}}' "$container")
        [ "$status" = 0 ] || fail "$(engine_docker inspect -f '{{.Name}}' "$container") ended with status $status"
    done
    compose --profile demo down
    new_kheops
    up 2
    expect_more 7 1
    all_arrived
}

# All volumes are lost; what a backup of the running services has comes back.
step_backup()
{
    leave_waiting 99 6
    PATH=/usr/bin:$PATH "$root/deploy/backup.sh" felucca "$site/backup"
    compose --profile demo down -v
    compose up --no-start --no-build
    PATH=/usr/bin:$PATH "$root/deploy/restore.sh" felucca "$site/backup"
    new_kheops
    up 1
    expect_more 6 1
    all_arrived
}

# ---- DICOM over TLS, as docs/deployment.md says ----

# make_authority: a new one, with certificates for the receiver and for a modality.
make_authority() { "$root/deploy/test-authority.sh" "$site/secrets/receiver" 127.0.0.1 ct01; }

# send_tls FOLDER: as a modality would, to the published TLS port; with what it shows in $shown.
send_tls()
{
    # shellcheck disable=SC2086 # several words, none with a blank
    on_host storescu -to 10 -aet CT01 -aec FELUCCA +sd +r $shown +cf "$site/secrets/receiver/ca.pem" \
        127.0.0.1 2762 "$1" >"$site/storescu.log" 2>&1
}

step_tls()
{
    cp "$site/config/felucca.yaml" "$site/plain.yaml"
    make_authority
    keys='port: 2762, certificate_file: /run/secrets/receiver/receiver.pem, key_file: /run/secrets/receiver/receiver.key'
    sed -i "s|^receiver: {|receiver: { tls: { $keys, ca_file: /run/secrets/receiver/ca.pem },|" "$site/config/felucca.yaml"
    grep -q 2762 "$site/config/felucca.yaml" || fail 'the configuration has no line to which TLS can be added'
    override=deploy/tls.yml
    up 1
    compose run --rm check >"$site/check" 2>&1 || fail "felucca check: $(cat "$site/check")"
    only_secrets receiver /run/secrets/receiver
    only_secrets router ''
    shown="+tls $site/secrets/receiver/ct01.key $site/secrets/receiver/ct01.pem"
    make_studies tls --studies 1 --instances 3 --size 8K --seed 112 --modality CT
    send_tls "$site/studies/tls" || fail "storescu over TLS: $(tail -n 1 "$site/storescu.log")"
    expect_more 3 1
    all_arrived
    shown=+tla
    ! send_tls "$site/studies/tls" || fail 'a peer without a certificate is let in'
    renew_tls
    override=
    cp "$site/plain.yaml" "$site/config/felucca.yaml"
}

# Another authority: who has its certificates is let in after SIGHUP, in the container that runs.
renew_tls()
{
    before=$(lives)
    rm -r "$site/secrets/receiver"/*
    make_authority
    shown="+tls $site/secrets/receiver/ct01.key $site/secrets/receiver/ct01.pem"
    compose kill -s HUP receiver
    make_studies renewed --studies 1 --instances 2 --size 8K --seed 113 --modality CT
    wait_for 'the new certificates are not taken' send_tls "$site/studies/renewed"
    expect_more 2 1
    all_arrived
    [ "$(lives)" = "$before" ] || fail 'a container was started anew for a certificate'
}

# ---- the network between the services ----

step_tcp()
{
    FELUCCA_SECRETS_FOLDER=$site/secrets FELUCCA_CONFIG_FOLDER=$site/config PATH=/usr/bin:$PATH \
        "$root/deploy/make-keys.sh" >"$site/endpoints"
    cat "$site/endpoints" >>"$site/config/felucca.yaml"
    override=deploy/tcp.yml
    up 2
    operator_is_heard
    make_studies tcp --studies 1 --instances 4 --size 8K --seed 110 --modality CT
    send "$site/studies/tcp" || fail "storescu: $(tail -n 1 "$site/storescu.log")"
    expect_more 4 1
    all_arrived
}

# What is received while nobody reaches the router waits in the spool, and then in the router.
step_cut()
{
    router=$(containers router)
    engine_docker network disconnect felucca_default "$router"
    make_studies cut --studies 1 --instances 5 --size 8K --seed 111 --modality CT
    send "$site/studies/cut" || fail "storescu: $(tail -n 1 "$site/storescu.log")"
    wait_for 'not 5 instances wait' waiting 5
    [ "$(kheops_instances)" = $instances ] || fail 'something was delivered over a network that is not there'
    engine_docker network connect --alias router felucca_default "$router"
    expect_more 5 1
    all_arrived
}

# ---- the end ----

nothing_left()
{
    left=$(engine_docker ps -aq; engine_docker volume ls -q; engine_docker network ls -q --filter type=custom)
    [ -z "$left" ] || fail "after down there is still: $left"
}

step_down()
{
    compose --profile demo down -v
    nothing_left
}

# ---- the demo, as README.md says ----

demo() { (cd "$root" && docker-compose --ansi never --env-file deploy/demo/demo.env "$@") </dev/null; }
demo_arrived() { [ "$(kheops_instances)" = "$(count_files "$site/studies/demo")" ]; }

step_demo()
{
    demo up -d --no-build
    wait_for 'the demo does not deliver its studies' demo_arrived
    demo down -v
    nothing_left
}
