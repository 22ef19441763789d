# shared - deploy/swarm/shared.yml: two cells from one service, their volumes folders that all hosts see: to be sourced after
# pinned.sh. The hosts have one kernel, so a lock of one is seen by all; where locks do not cross, tests/e2e tries the fence.
# shellcheck disable=SC2034,SC2154 # site, lan, manager, folder: of run.sh and its files

shared_service=felucca_cell

# "SLOT HOST", of the tasks that should run.
slots()
{
    host $manager service ps --filter desired-state=running --format '{{.Name}} {{.Node}}' $shared_service |
        sed -n 's/.*\.\([0-9]*\) \(n[0-9]\)$/\1 \2/p' | sort
}

host_of_slot() { slots | awk -v slot="$1" '$1 == slot { print $2 }'; }
slot_of_host() { slots | awk -v host="$1" '$2 == host { print $1 }'; }
slot_left() { moved=$(host_of_slot "$1") && [ -n "$moved" ] && [ "$moved" != "$2" ]; }
shared_routers() { router_services=$(slots | sed "s|.* \(.*\)|\1=$shared_service|" | paste -s -d ' '); }

step_shared()
{
    for cell in n2 n3; do remove_stack $cell; done
    for cell in n2 n3; do wait_for "the stack of $cell does not go" host_is_empty $cell; done
    install -d -o 11112 -g 11112 -m 750 "$folder/shared/cell-1" "$folder/shared/cell-2"
    for name in n2 n3; do host $manager node update --label-add felucca=yes $name; done
    new_configuration
    deploy shared.yml felucca
    for name in n2 n3; do wait_for "no cell comes up on $name" works $name; done
    host $manager node update --label-add felucca=yes $manager
    shared_routers
    # shellcheck disable=SC2046 # a list of options
    door_open --ready 9400 $(door_cells n1 n2 n3)
}

step_takeover()
{
    begin_sending takeover
    tell_kheops config '{"delay_ms": 1500}'
    wait_for 'no deliveries wait in n2' waits_more_than n2 $shared_service 20
    slot=$(slot_of_host n2)
    host_crash n2
    crashed=$(now)
    wait_for 'the cell of n2 goes to no other host' slot_left "$slot" n2
    given=$(now)
    taken=$(host_of_slot "$slot")
    wait_for "$taken does not take the cell over" works "$taken"
    works_again=$(now)
    goes_on
    host_on n2 || fail 'the engine of n2 does not start again'
    wait_for 'the swarm has no three managers again' quorum
    shared_routers
    end_sending 'shared volume, a host crashes and stays away' "another host gets the cell after $(seconds "$crashed" "$given") s; \
**it works there $(seconds "$crashed" "$works_again") s after the crash**"
}

step_rolling()
{
    begin_sending rolling
    tell_kheops config '{"delay_ms": 100}'
    new_configuration 'no_such_key: 1'
    deploy shared.yml felucca
    wait_for 'Swarm does not stop an update that fails' service_is $shared_service paused
    goes_on 100
    new_configuration
    updated=$(now)
    deploy shared.yml felucca
    wait_for 'the update does not come to its end' service_is $shared_service completed
    took=$(seconds "$updated" "$(now)")
    shared_routers
    end_sending 'shared volume, a broken configuration, then a good one in a rolling update' \
        "stopped at the first cell; the good one took $took s"
}

# ---- the cable ----

stands_by()
{
    in_cell "$1" $shared_service felucca status --json >"$site/standing" && grep -q '"standby":{' "$site/standing"
}

generation() { grep -o 'generation[^,}]*' "$folder/shared/cell-$1/cell.owner"; }

# The old one lives on, works on, and reaches nobody: its lock keeps the new one from the volume.
step_cut()
{
    begin_sending cut
    away=$(slots | awk '$2 != "n1" { print $2; exit }')
    slot=$(slot_of_host "$away")
    owner=$(generation "$slot")
    host_cut "$away"
    cut=$(now)
    wait_for "the cell of $away goes to no other host" slot_left "$slot" "$away"
    other=$(host_of_slot "$slot")
    wait_for "the second router of the cell does not stand by on $other" stands_by "$other"
    standing=$(now)
    in_cell "$other" $shared_service felucca status | head -n 1 | grep -qi 'stands by\|standby' || fail 'status does not begin with the standby'
    ! works "$other" || fail "a cell whose router stands by looks as if it worked"
    goes_on 100
    [ "$(generation "$slot")" = "$owner" ] || fail 'a second router took the volume'
    host_heal "$away"
    healed=$(now)
    wait_for 'the swarm has no three managers again' quorum
    stop_sending
    expect_all
    arrived=$(now)
    wait_for 'the cell does not work on one host in the end' works "$(host_of_slot "$slot")"
    settled=$(now)
    shared_routers
    wait_for 'a cell still has work, or something failed' cells_have_done
    table_row 'shared volume, a host is cut off and lives' "a second router after $(seconds "$cut" "$standing") s, stands by; \
all arrived $(seconds "$healed" "$arrived") s, one cell again $(seconds "$healed" "$settled") s after the cable"
}

# ---- one study, two cells ----

# Each half of the studies to another cell, past the door.
split_studies()
{
    make_studies halves --studies 20 --instances 20 --size 4K --seed 90000
    for study in "$site"/studies/halves/*; do
        find "$study" -name '*.dcm' | sort >"$site/files"
        for half in 0 1; do
            mkdir -p "$site/halves-$half/${study##*/}"
            awk -v half=$half 'NR % 2 == half' "$site/files" | xargs mv -t "$site/halves-$half/${study##*/}"
        done
    done
}

collisions() { ask_kheops counts | from_json "j ->> 'collisions'"; }

step_split()
{
    story=halves
    split_studies
    tell_kheops config '{"delay_ms": 100}'
    before=$(collisions)
    calls=
    for half in 0 1; do
        half_host=$(slots | sed -n "$((half + 1))s/.* //p")
        (call_at "$(host_address "$half_host")" --studies "$site/halves-$half" --accepted "$site/accepted.halves" \
            --title HALF$half- >"$site/report.half-$half") &
        calls="$calls $!"
    done
    for job in $calls; do wait "$job" || fail 'a cell does not take its half'; done
    paste -d , "$site/report.half-0" "$site/report.half-1" | sed 's/.*/[&]/' | from_json "(SELECT json_object(
        'failed', sum(value ->> 'failed'), 'associations', sum(value ->> 'associations'), 'gap', max(value ->> 'gap'),
        'caller_gap', max(value ->> 'caller_gap')) FROM json_each(j))" >"$site/report.halves"
    tell_kheops config '{"delay_ms": 0}'
    expect_all
    wait_for 'a cell still has work, or something failed' cells_have_done
    table_row '20 studies, half of each to another cell' "$(($(collisions) - before)) collisions at KHEOPS, all of them repaired"
}
