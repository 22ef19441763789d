#!/bin/sh
# package - the Debian package of build/package, installed in a fresh Debian of its own (mmdebstrap with this
# machine's package sources): it installs cleanly and starts nothing; the example configuration is right; each
# process runs as its unit's user and groups, sees its own tokens and no others, and a study travels; removing it
# leaves what people wrote, purging it leaves the state.
#
# Usage: run.sh BUILD     as root; exit status 77, with the reason, where no such Debian can be made
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/felucca-package.XXXXXX")
root=$work/root
pids=

end_processes()
{
    for pid in $pids; do
        kill -TERM "$pid" 2>/dev/null || :
    done
    for pid in $pids; do
        wait "$pid" || ended=$?
    done
    pids=
}

clean_up()
{
    ended=0
    end_processes
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

fail()
{
    echo "package: $*" >&2
    [ -d "$root/tmp/logs" ] && tail -n 5 "$root"/tmp/logs/* >&2
    exit 1
}

skip()
{
    echo "package-test: skipped: $*"
    exit 77
}

inside() { chroot "$root" "$@"; }

# With /proc, as maintainer scripts find it.
# shellcheck disable=SC2016 # expanded by the inner shell
with_proc() { unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" "$@"; }

# wait_for SENTENCE COMMAND...: until the command succeeds, a minute at most.
wait_for()
{
    wait_sentence=$1
    wait_left=300
    shift
    until "$@" >/dev/null 2>&1; do
        wait_left=$((wait_left - 1))
        [ $wait_left -gt 0 ] || fail "$wait_sentence"
        sleep 0.2
    done
}

# ---- a fresh Debian with the package ----

# debian_sources and apt_options
. "$here/../engine/base-image.sh"

make_debian()
{
    apt_options >"$work/apt.conf"
    debian_sources >"$work/sources.list"
    set -- --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --aptopt="$work/apt.conf" \
        --dpkgopt=force-unsafe-io --include=systemd-standalone-sysusers,systemd-standalone-tmpfiles \
        --customize-hook="copy-in $deb /tmp" \
        --customize-hook="chroot \"\$1\" apt-get install -qq -y --no-install-recommends /tmp/$(basename "$deb")" \
        bookworm "$root"
    if [ -s "$work/sources.list" ]; then set -- "$@" "$work/sources.list"; fi
    TMPDIR=$work mmdebstrap "$@" >"$work/debian.log" 2>&1
}

# ---- what is there after installing ----

check_installed()
{
    for program in felucca-receiver felucca-router felucca-header felucca-sender felucca-sharer \
        felucca-committer felucca-notifier felucca-console felucca-tray; do
        inside "$program" --version | grep -q "^$program [0-9]" || fail "$program --version"
    done
    inside felucca --version | grep -q '^felucca [0-9]' || fail 'felucca --version'
    for file in usr/share/man/man1/felucca.1.gz usr/share/man/man8/felucca-router.8.gz \
        usr/share/man/man5/felucca.yaml.5.gz usr/share/bash-completion/completions/felucca \
        usr/share/zsh/vendor-completions/_felucca usr/share/fish/vendor_completions.d/felucca.fish; do
        [ -s "$root/$file" ] || fail "there is no /$file"
    done
    inside bash -n /usr/share/bash-completion/completions/felucca || fail 'the completion is no shell'
    [ -z "$(find "$root/etc/systemd" -name '*felucca*')" ] || fail 'a unit is enabled without a configuration'
    [ "$(inside stat -c '%a %U %G' /var/lib/felucca)" = '2750 felucca felucca' ] || fail 'the state folder'
    [ "$(inside stat -c '%a %U %G' /etc/felucca/secrets/sender)" = '2750 root felucca-stow' ] || fail 'the tokens'
}

# Its tokens are not there yet, which is said of each; then they are.
check_example()
{
    status=0
    inside felucca check --offline --config /etc/felucca/felucca.example.yaml >"$work/check" 2>&1 || status=$?
    [ $status = 1 ] || fail "the example: $status $(cat "$work/check")"
    names=$(sed -n 's|^[^#]*\${file:\(/run/secrets/[a-z_]*\)}.*|\1|p' "$root/etc/felucca/felucca.example.yaml" | sort -u)
    mkdir -p "$root/run/secrets"
    for name in $names; do
        grep -q "the file $name cannot be read" "$work/check" || fail "nothing is said of $name"
        echo "exampleToken" >"$root$name"
    done
    inside felucca check --offline --config /etc/felucca/felucca.example.yaml >"$work/check" 2>&1 ||
        fail "the example: $(cat "$work/check")"
    rm -r "$root/run/secrets"
}

# ---- the processes, as their units start them ----

of_unit() { sed -n "s/^$2=//p" "$root"/usr/lib/systemd/system/"$1"; }

# as_unit UNIT COMMAND...: with the user and groups of the unit.
as_unit()
{
    as_unit_name=$1
    shift
    groups=$(of_unit "$as_unit_name" SupplementaryGroups)
    umask "$(of_unit "$as_unit_name" UMask)"
    exec chroot "$root" setpriv --reuid "$(of_unit "$as_unit_name" User)" --regid "$(of_unit "$as_unit_name" Group)" \
        --groups "$(of_unit "$as_unit_name" Group)${groups:+,$groups}" --no-new-privs --bounding-set=-all "$@"
}

write_site()
{
    cat >"$root/etc/felucca/felucca.yaml" <<END
receiver: { port: $port, bind: 127.0.0.1, min_free_space: 256MiB }
retry: { first: 200ms, ceiling: 2s }
metrics: { port: 0 }
nodes:
  - aet: FELUCCA
    destinations:
      - name: main
        stow_url: http://127.0.0.1:$kheops/api/studies
        headers: "Authorization: Bearer \${file:/etc/felucca/secrets/sender/main}"
        albums:
          - name: ct
            destination_token: \${file:/etc/felucca/secrets/sharer/ct}
            source_token: \${file:/etc/felucca/secrets/sharer/main-send}
END
    chgrp "$(inside getent group felucca | cut -d: -f3)" "$root/etc/felucca/felucca.yaml"
    chmod 640 "$root/etc/felucca/felucca.yaml"
    umask 027 # the folders give their group to what is made in them
    echo MAINWRITE >"$root/etc/felucca/secrets/sender/main"
    echo CTWRITE >"$root/etc/felucca/secrets/sharer/ct"
    echo MAINSEND >"$root/etc/felucca/secrets/sharer/main-send"
    umask 022
}

may_read() { (as_unit "$1" test -r "$2"); }
may_not_read() { ! may_read "$1" "$2" || fail "$1 can read $2"; }

check_tokens()
{
    stow=/etc/felucca/secrets/sender/main album=/etc/felucca/secrets/sharer/ct
    may_read felucca-sender@.service $stow || fail 'the sender cannot read its token'
    may_read felucca-sharer.service $album || fail 'the sharer cannot read its token'
    may_not_read felucca-sender@.service $album
    may_not_read felucca-sharer.service $stow
    for unit in felucca-router.service felucca-receiver.service; do
        may_read $unit /etc/felucca/felucca.yaml || fail "$unit cannot read the configuration"
        may_not_read $unit $stow
        may_not_read $unit $album
    done
}

start()
{
    program=$(echo "${1%.service}" | tr -d @)
    (as_unit "$1" "/usr/bin/$program" --config /etc/felucca/felucca.yaml) >"$root/tmp/logs/$program" 2>&1 &
    pids="$pids $!"
}

# COUNT instances are in the album.
shared() { inside felucca status --json | grep -q . && [ "$(count_shared)" = "$1" ]; }
count_shared() { inside felucca jobs --state shared --json | wc -l; }

answers_echo() { echoscu -to 2 -aec FELUCCA 127.0.0.1 "$port"; }

free_port()
{
    free_port_try=$((20000 + $$ % 10000))
    while grep -qi ":$(printf %04X "$free_port_try") " /proc/net/tcp /proc/net/tcp6 2>/dev/null; do
        free_port_try=$((free_port_try + 1))
    done
    echo "$free_port_try"
}

run_pipeline()
{
    mkdir -p "$root/tmp/logs"
    "$build/tests/kheops-sim" --port-file "$work/ports" --discard --token main:write:MAINWRITE \
        --token main:read,send:MAINSEND --token ct:write:CTWRITE >"$work/kheops.log" 2>&1 &
    simulator=$!
    pids=$simulator
    wait_for 'the simulated KHEOPS does not start' test -s "$work/ports"
    read -r kheops _ <"$work/ports" || :
    port=$(free_port)
    write_site
    check_tokens
    inside felucca check >"$work/check" 2>&1 || fail "felucca check: $(cat "$work/check")"
    start felucca-router.service
    wait_for 'the router does not start' grep -q recovered "$root/tmp/logs/felucca-router"
    for unit in felucca-receiver.service felucca-sender@.service felucca-sharer.service; do
        start $unit
    done
    wait_for 'the receiver does not answer' answers_echo
    "$build/tests/make-dicom" --out "$work/study" --series 2 --instances 3 >/dev/null
    storescu --scan-directories --recurse -aec FELUCCA 127.0.0.1 "$port" "$work/study" || fail 'storescu'
    wait_for 'the study does not arrive in the album' shared 2
    ended=0
    end_processes
    [ $ended = 0 ] || fail "a process ended with status $ended"
}

# ---- removing ----

ours()
{
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./sys -o -path ./tmp -o -path ./var/lib/dpkg \
        -o -path ./var/log -o -path ./var/cache \) -prune -o -path '*felucca*' -print | sort)
}

check_removed()
{
    with_proc dpkg --remove felucca >"$work/remove" 2>&1 || fail "removing: $(cat "$work/remove")"
    [ -f "$root/etc/felucca/felucca.yaml" ] && [ -f "$root/etc/felucca/felucca.example.yaml" ] ||
        fail 'removing it takes the configuration away'
    with_proc dpkg --purge felucca >"$work/purge" 2>&1 || fail "purging: $(cat "$work/purge")"
    [ -f "$root/etc/felucca/felucca.yaml" ] || fail 'purging it takes away what people wrote'
    [ -f "$root/var/lib/felucca/jobs.db" ] || fail 'purging it takes the state away'
    left=$(ours | grep -v '^./var/lib/felucca' | tr '\n' ' ')
    wanted='./etc/felucca ./etc/felucca/felucca.yaml ./etc/felucca/secrets ./etc/felucca/secrets/sender '
    wanted="$wanted./etc/felucca/secrets/sender/main ./etc/felucca/secrets/sharer ./etc/felucca/secrets/sharer/ct "
    wanted="$wanted./etc/felucca/secrets/sharer/main-send "
    [ "$left" = "$wanted" ] || fail "purging it leaves $left"
}

check_again()
{
    cp "$root/etc/felucca/felucca.yaml" "$deb" "$root/tmp"
    rm -r "$root/etc/felucca"
    with_proc dpkg --install "/tmp/$(basename "$deb")" >"$work/again" 2>&1 || fail "again: $(cat "$work/again")"
    with_proc dpkg --install "/tmp/$(basename "$deb")" >"$work/again" 2>&1 || fail "an upgrade: $(cat "$work/again")"
    cp "$root/tmp/felucca.yaml" "$root/etc/felucca"
    [ "$(count_shared)" = 2 ] || fail 'the state of before is not found again'
    rm "$root/etc/felucca/felucca.yaml"
    with_proc dpkg --purge felucca >"$work/purge" 2>&1 || fail "purging: $(cat "$work/purge")"
    left=$(ours | grep -v '^./var/lib/felucca' || :)
    [ -z "$left" ] || fail "purging it leaves $left"
}

[ "$(id -u)" = 0 ] || skip 'it needs root'
command -v mmdebstrap >/dev/null || skip 'mmdebstrap is not installed'
set -- "$build"/package/felucca_*.deb
[ $# = 1 ] && [ -f "$1" ] || fail "there is not one package in $build/package; make package"
deb=$1
if command -v lintian >/dev/null; then
    lintian --allow-root --fail-on error "$deb" >"$work/lintian" 2>&1 || fail "lintian: $(grep '^E:' "$work/lintian")"
fi
make_debian || {
    grep -q 'E: .*felucca' "$work/debian.log" && fail "it does not install: $(tail -n 5 "$work/debian.log")"
    skip "no Debian can be made here: $(grep -E '^E:' "$work/debian.log" | tail -n 2)"
}
check_installed
check_example
run_pipeline
check_removed
check_again
echo "package-test: $(basename "$deb") is fine"
