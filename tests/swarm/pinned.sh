# pinned - deploy/swarm/cell.yml: a stack a cell, on hosts n2 and n3, local volumes: to be sourced after cells.sh.
# shellcheck disable=SC2034,SC2154 # site, lan, manager: of run.sh and its files

healthy_at()
{
    containers_at "$1" | xargs -r env PATH="/usr/bin:$PATH" DOCKER_HOST="unix://$hosts_folder/$1/socket" docker inspect \
        -f '{{.State.Health.Status}}' | awk '$0 == "healthy" { n++ } END { exit n != 5 || NR != 5 }'
}

cell_is_up() { healthy_at "$1" && works "$1"; }

step_cells()
{
    cell_files
    new_configuration
    for cell in n2 n3; do
        host $manager node update --label-add felucca_cell=$cell $cell
        deploy cell.yml $cell
    done
    for cell in n2 n3; do wait_for "cell $cell does not come up" cell_is_up $cell; done
    router_services='n2=n2_router n3=n3_router'
    # shellcheck disable=SC2046 # a list of options
    door_open $(door_cells n2 n3)
}

# ---- the front door ----

# "title cell", each once, of what came in by the door with a title that begins so.
ways() { sed -n "s|.* calling='\($1[^ ']*\) *' cells/\([^ ]*\) .*|\1 \2|p" "$site/door.log" | sort -u; }

step_sticky()
{
    wait_for 'the front door does not see both cells' door_sees n2 n3
    for round in 1 2 3; do
        for title in STAY1 STAY2 STAY3 STAY4 STAY5 STAY6 STAY7; do
            callers echoscu -aet $title -aec FELUCCA $lan.1 $dicom_port || fail "$title is not let in, round $round"
        done
    done
    wait_for 'the front door does not tell of all callers' eval '[ "$(ways STAY | cut -d " " -f 1 | sort -u | wc -l)" = 7 ]'
    [ "$(ways STAY | wc -l)" = 7 ] || fail "a title goes to several cells: $(ways STAY)"
    [ "$(ways STAY | cut -d ' ' -f 2 | sort -u | wc -l)" = 2 ] || fail "all titles go to one cell: $(ways STAY)"
}

# What the door tells of each of them last is not that it is DOWN.
door_sees()
{
    for cell; do
        ! grep "Server cells/$cell is " "$site/door.log" | tail -n 1 | grep -q 'is DOWN' || return 1
    done
}

step_address()
{
    story=address
    make_studies address --studies 1 --instances 3 --size 4K --seed 500
    (call --studies "$site/studies/address" --accepted "$site/accepted.address" --title ADDRESS)
    expect_all
    cell=$(ways ADDRESS | cut -d ' ' -f 2)
    uid=$(cut -d ' ' -f 3 "$site/accepted.address" | head -n 1)
    in_cell "$cell" "${cell}_router" felucca show "$uid" >"$site/shown" || fail "cell $cell does not know what it received"
    grep -q "$lan\.50" "$site/shown" || fail "the caller's address is not shown: $(cat "$site/shown")"
}

# ---- a host's power ----

node_is_down() { [ "$(host $manager node inspect -f '{{.Status.State}}' "$1")" = down ]; }

step_crash()
{
    begin_sending crash
    tell_kheops config '{"delay_ms": 1500}'
    wait_for 'no deliveries wait in n2' waits_more_than n2 n2_router 20
    waiting=$(status_sum n2 n2_router "CASE WHEN x ->> 'album' IS NULL THEN coalesce(x ->> 'queued', 0) ELSE 0 END")
    host_crash n2
    crashed=$(now)
    wait_for 'the swarm does not miss n2' node_is_down n2
    missed=$(now)
    goes_on 100
    host_on n2 || fail 'the engine of n2 does not start again'
    answered=$(now)
    wait_for 'the cell of n2 does not come back' works n2
    back=$(now)
    goes_on 100
    end_sending "pinned, a host crashes with $waiting deliveries waiting, and comes back after $(seconds "$crashed" "$answered") s" \
        "missed by the swarm after $(seconds "$crashed" "$missed") s; **cell back $(seconds "$answered" "$back") s after its engine**"
}

# ---- another configuration ----

# Nothing of what ran before runs, and what runs is healthy.
cell_is_new()
{
    containers_at "$1" >"$site/running"
    ! grep -qxf "$site/before" "$site/running" && cell_is_up "$1"
}

update()
{
    containers_at "$1" >"$site/before"
    deploy cell.yml "$1"
    wait_for "cell $1 does not come up with another configuration" cell_is_new "$1"
    wait_for "the front door does not see cell $1 again" door_sees "$1"
}

step_update()
{
    begin_sending update
    tell_kheops config '{"delay_ms": 100}'
    new_configuration '# another one'
    updated=$(now)
    for cell in n2 n3; do update $cell; done
    took=$(seconds "$updated" "$(now)")
    goes_on
    end_sending 'pinned, another configuration, one cell after the other' "both healthy after $took s"
}

# log_names HOST SERVICE WORD: one of its containers says it, of those that ended, too.
log_names()
{
    for container in $(host "$1" ps -aq --filter "label=com.docker.swarm.service.name=$2"); do
        ! host "$1" logs "$container" 2>&1 | grep -q "$3" || return 0
    done
    return 1
}

# What stops at the first cell is the operator: the other one is not touched.
step_broken()
{
    begin_sending broken
    containers_at n3 >"$site/others"
    new_configuration 'no_such_key: 1'
    deploy cell.yml n2
    wait_for 'Swarm does not stop an update that fails' service_is n2_receiver paused
    goes_on 100
    [ "$(containers_at n3)" = "$(cat "$site/others")" ] || fail 'the other cell was touched'
    wait_for 'the wrong key is not named in the log' log_names n2 n2_receiver no_such_key
    new_configuration
    update n2
    goes_on
    end_sending 'pinned, a broken configuration in one cell, then a good one' 'the other cell was not touched'
}
