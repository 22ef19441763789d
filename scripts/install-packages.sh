#!/bin/sh
# install-packages - installs the Debian packages that packages.txt names and this machine lacks.
#
# Usage: install-packages.sh [--check] KIND...     (kinds: build run test demo compose package browser)
#
# Needs root, or sudo without a password; nothing of either when nothing is missing. --check only tells what is
# missing (exit status 1). No service is started by it: Debian's way to say so is a policy-rc.d (see
# invoke-rc.d(8)), which is there while packages are installed, unless the machine has one of its own.
# Services that came with a package are disabled, so that they do not start at the next boot either.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
policy=/usr/sbin/policy-rc.d

named()
{
    for kind; do
        awk -v kind="$kind" '!/^#/ && index("," $2 ",", "," kind ",") { print $1 }' "$root/packages.txt"
    done
}

# Packages that are not installed, one a line.
missing()
{
    named "$@" | sort -u >"$lists/wanted"
    dpkg-query -W -f '${Package} ${db:Status-Status}\n' | sed -n 's/ installed$//p' | sort -u >"$lists/installed"
    comm -23 "$lists/wanted" "$lists/installed"
}

refuse_services()
{
    [ -e "$policy" ] && return
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

enabled_services()
{
    find /etc/systemd/system \( -name "*.service" -o -name "*.socket" \) -type l -exec basename {} \; 2>/dev/null | sort -u
}

# Servers that tests need are started by the tests: not at the next boot either.
disable_new_services()
{
    command -v systemctl >/dev/null 2>&1 || return 0
    for service in $(enabled_services); do
        printf "%s\n" "$1" | grep -qx "$service" || systemctl --quiet disable "$service"
    done
}

install_as_root()
{
    refuse_services
    export DEBIAN_FRONTEND=noninteractive
    enabled=$(enabled_services)
    apt-get update -q
    apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
    disable_new_services "$enabled"
}

only_check=no
if [ "${1:-}" = --as-root ]; then # this script, called by itself
    shift
    install_as_root "$@"
    exit 0
fi
if [ "${1:-}" = --check ]; then
    only_check=yes
    shift
fi
for kind; do
    case $kind in
    build | run | test | demo | compose | package) ;;
    *)
        echo "install-packages: the kinds are build, run, test, demo, compose and package, not \"$kind\"" >&2
        exit 2
        ;;
    esac
done
[ $# -gt 0 ] || { echo "usage: install-packages.sh [--check] build|run|test|demo|compose|package..." >&2; exit 2; }
command -v dpkg-query >/dev/null 2>&1 || {
    [ $only_check = no ] || exit 0 # cannot tell
    echo "install-packages: this is no Debian; install what packages.txt names in your system's way" >&2
    exit 1
}

export LC_ALL=C
lists=$(mktemp -d)
list=$(missing "$@" | tr '\n' ' ')
rm -rf "$lists"
[ -n "$list" ] || exit 0
if [ $only_check = yes ]; then
    echo "missing packages: $list" >&2
    exit 1
fi
echo "installing: $list"
# shellcheck disable=SC2086 # a list of names
if [ "$(id -u)" = 0 ]; then
    install_as_root $list
elif sudo -n true 2>/dev/null; then
    sudo -n sh "$root/scripts/install-packages.sh" --as-root $list
else
    echo "install-packages: neither root nor sudo without a password. Please run, as root:" >&2
    echo "    apt-get update && apt-get install --no-install-recommends $list" >&2
    exit 1
fi
