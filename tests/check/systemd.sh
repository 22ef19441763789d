#!/bin/sh
# systemd - the units are right, start programs that are there, and leave them no more than they need: at most
# 1.5 of 10 by `systemd-analyze security`. docs/systemd.md shows the figures.
#
# Usage: systemd.sh ROOT BUILD
set -eu
. "$(dirname "$0")/files.sh"
need systemd-analyze
most=15 # tenths
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for unit in "$1"/packaging/systemd/*.in; do
    name=$(basename "$unit" .in)
    sed "s|@CMAKE_INSTALL_FULL_BINDIR@|$2/bin|" "$unit" >"$work/$name"
done
mv "$work/felucca-sender@.service" "$work/felucca-sender@1.service"
cp "$1"/packaging/systemd/felucca.target "$work"
status=0
cd "$work"
systemd-analyze verify --man=no ./* >verified 2>&1 || status=1
# It also complains about units of this machine that ours name.
if grep -q 'felucca' verified; then
    cat verified
    status=1
fi
for unit in felucca-*.service; do
    systemd-analyze security --offline=true --no-pager --threshold=$most "./$unit" >score 2>&1 || {
        grep -E '✗|exposure' score
        status=1
    }
    score=$(sed -n 's/.*exposure level for [^:]*: \([0-9.]*\).*/\1/p' score)
    grep -qF "| \`$(echo "$unit" | sed 's/@1/@/')\` | $score |" "$1/docs/systemd.md" || {
        echo "docs/systemd.md does not say that $unit has $score"
        status=1
    }
done
exit $status
