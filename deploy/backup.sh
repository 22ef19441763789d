#!/bin/sh
# backup - copies the job database and the spool of a running Compose project; nothing has to stop.
#
# Usage: backup.sh PROJECT FOLDER     PROJECT is COMPOSE_PROJECT_NAME; FOLDER is made, readable for root only
#
# First the database, then the spool: an image that comes in between is in the copied spool and unknown to the copied
# database, which restoring takes for newly received. The folders are copied in the order in which files go through
# them, so that none is missed on its way. Needs root and sqlite3.
set -eu
. "$(dirname "$0")/volumes.sh"

[ $# -eq 2 ] || { echo 'usage: backup.sh PROJECT FOLDER' >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail 'please run it with sudo: the volumes are not yours to read'
command -v sqlite3 >/dev/null 2>&1 || fail 'sqlite3 is not installed'
database=$(volume "$1" database)
spool=$(volume "$1" spool)
umask 077
mkdir -p "$2"
[ ! -e "$2/jobs.db" ] && [ ! -e "$2/spool.tar" ] || fail "$2 has a backup already"
sqlite3 -readonly "$database/jobs.db" "VACUUM INTO '$(printf %s "$2/jobs.db" | sed "s/'/''/g")'"
# Status 1: a file went on its way meanwhile.
tar -C "$spool" --numeric-owner --exclude='*.part' --warning=no-file-removed --warning=no-file-changed \
    -cf "$2/spool.tar" incoming queue quarantine kept dropped || [ $? -eq 1 ] || fail 'the spool could not be copied'
