#!/bin/sh
# restore - puts what backup.sh copied into the new, empty volumes of a Compose project.
#
# Usage: restore.sh PROJECT FOLDER     after `docker compose up --no-start`, before `docker compose up -d`
#
# What was delivered since the backup may be delivered once more, which does no harm. Needs root.
set -eu
. "$(dirname "$0")/volumes.sh"

[ $# -eq 2 ] || { echo 'usage: restore.sh PROJECT FOLDER' >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail 'please run it with sudo: the volumes are not yours to write'
[ -e "$2/jobs.db" ] && [ -e "$2/spool.tar" ] || fail "$2 has no backup"
[ -z "$(docker ps -q --filter "label=com.docker.compose.project=$1")" ] ||
    fail 'containers of the project are running: docker compose stop'
database=$(volume "$1" database)
spool=$(volume "$1" spool)
[ -z "$(find "$database" "$spool" -type f | head -n 1)" ] || fail "the volumes of $1 are not empty"
tar -C "$spool" --numeric-owner -xpf "$2/spool.tar"
# What was copied twice on its way out of incoming/.
for file in "$spool"/incoming/*.dcm; do
    [ -e "$file" ] || continue
    [ -z "$(find "$spool/queue" "$spool/quarantine" -name "${file##*/}" | head -n 1)" ] || rm -f "$file"
done
# The folders of new volumes belong to the containers' user.
cp "$2/jobs.db" "$database/jobs.db"
chown --reference="$database" "$database/jobs.db"
chmod 640 "$database/jobs.db"
