# site - engines, hosts, images, the simulated KHEOPS and the front door of the test: to be sourced after hosts.sh.
# shellcheck disable=SC2034,SC2154 # root, site, folder, images: of run.sh

dicom_port=11112
manager=n1 # never crashes
door=

step_engine() { engine_start "$folder/outside" || skip "no engine can run here: $engine_trouble"; }

# ---- images ----

build_images()
{
    make_base_image "$folder/outside" &&
        engine_docker run --rm debian:bookworm-slim true || skip "no container runs: $(tail -n 1 "$folder/step.log")"
    DOCKER_BUILDKIT=0 engine_docker build -t felucca --target felucca "$root" || fail 'the image is not built'
    DOCKER_BUILDKIT=0 engine_docker build -t felucca-demo --target demo "$root" || fail "the demo's image is not built"
    [ -z "$images" ] || engine_docker save -o "$images" debian:bookworm-slim felucca felucca-demo
}

step_images()
{
    if [ -n "$images" ] && [ -s "$images" ]; then engine_docker load -i "$images"; else build_images; fi
    engine_docker save -o "$folder/felucca.tar" felucca
}

# ---- hosts and their swarm ----

step_hosts()
{
    hosts_begin "$folder/hosts" || skip "no switch can be made here: $(tail -n 1 "$folder/step.log")"
    for name in $host_names; do
        host_on "$name" || skip "no engine starts on host $name: $(grep -v level=info "$folder/hosts/$name/log" | tail -n 2)"
    done
    loading=
    for name in $host_names; do
        host "$name" load -q -i "$folder/felucca.tar" &
        loading="$loading $!"
    done
    for job in $loading; do wait "$job" || fail 'a host does not load the image'; done
}

join()
{
    join_address=$(host_address "$1")
    shift
    host "$name" swarm "$@" --advertise-addr "$join_address" --listen-addr "$join_address:2377" --data-path-addr "$join_address"
}

# Two containers on two hosts reach each other by name.
overlay_works()
{
    host $manager network create --driver overlay --attachable probe &&
        host n2 run -d --name probe --network probe felucca perl -MIO::Socket::INET -e \
            'my $s = IO::Socket::INET->new(LocalPort => 7000, Listen => 1); while (my $c = $s->accept) { print $c "there\n" }' &&
        wait_for 'no name over the overlay network' overlay_answers || return 1
    host n2 rm -f probe
    host $manager network rm probe
}

overlay_answers()
{
    host n3 run --rm --network probe felucca perl -MIO::Socket::INET -e \
        'my $s = IO::Socket::INET->new(PeerAddr => "probe:7000", Timeout => 5) or exit 1; exit(<$s> ne "there\n")'
}

quorum() { [ "$(host $manager node ls --format '{{.Status}} {{.ManagerStatus}}' | grep -c '^Ready [LR]e')" = 3 ]; }

step_swarm()
{
    for name in $host_names; do
        if [ "$name" = $manager ]; then
            join "$name" init --default-addr-pool 198.19.128.0/17
            token=$(host $manager swarm join-token -q manager)
        else
            join "$name" join --token "$token" "$(host_address $manager):2377"
        fi || skip "no swarm comes up: $(tail -n 1 "$folder/step.log")"
    done
    wait_for 'the swarm has no three managers' quorum
    (patience=30 && overlay_works) || skip "no overlay network comes up between hosts: $(tail -n 1 "$folder/step.log")"
}

# ---- KHEOPS and what is sent ----

step_site()
{
    mkdir -p "$site/studies" "$site/swarm/secrets"
    chmod 711 "$folder" "$site"
    chmod 777 "$site/studies"
    : >"$site/table"
    engine_docker run -d --name kheops --network host felucca-demo kheops-sim --bind=0.0.0.0 --port=8042 \
        --admin-port=$admin_port --discard --token=main:write:DEMOmainWRITE --token=main:read,send:DEMOmainSEND \
        --token=ct-research:write:DEMOctWRITE
    make_studies many --studies 6000 --instances 5 --size 4K --seed 1000
    for token in main_write=DEMOmainWRITE main_send=DEMOmainSEND research_ct_write=DEMOctWRITE; do
        echo "${token#*=}" >"$site/swarm/secrets/${token%%=*}"
    done
    table_head
}

make_studies()
{
    make_name=$1
    shift
    engine_docker run --rm -v "$site/studies:/studies" felucca-demo make-dicom --out "/studies/$make_name" --modality CT "$@"
}

# ---- the front door ----

# door_open OPTION...: of felucca front-door; hosts are named as they are.
door_open()
{
    door_close
    engine_docker run --rm felucca felucca front-door --bind "$lan.1:$dicom_port" --proxy "$@" >"$site/haproxy.cfg"
    (exec nsenter --net="/run/netns/$engine_name" haproxy -f "$site/haproxy.cfg" >"$site/door.log" 2>&1) &
    door=$!
    wait_for 'the front door does not open' door_takes
}

door_cells() { for name; do printf ' --cell %s=%s:%s' "$name" "$(host_address "$name")" $dicom_port; done; }

door_takes() { callers echoscu -to 5 -aet DOOR -aec FELUCCA $lan.1 $dicom_port; }

door_close()
{
    [ -z "$door" ] || end_process "$door"
    door=
}
