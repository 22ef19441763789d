#!/bin/sh
# walls - what a process must never do, it cannot do: the built programs are read. A program that must not make a
# connection has no curl, one that must not see the database has no SQLite, and none holds a function of a room
# that its row in cmake/rooms.cmake does not name.
#
# Usage: walls.sh ROOT BUILD [FOLDER-OF-PROGRAMS]
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/files.sh"
root=$1
bin=${3:-$2/bin}
need readelf
need nm
status=0

# What a program must not be linked with.
foreign='
felucca-receiver sqlite3 curl jansson expat nettle crypt
felucca-router   curl expat ssl crypt dcmnet dcmdata oflog ofstd
felucca-header   zmq curl ssl sqlite3 microhttpd yaml expat dcmnet dcmdata oflog ofstd
felucca-sender   sqlite3 dcmnet dcmdata oflog ofstd
felucca-sharer   sqlite3 expat dcmnet dcmdata oflog ofstd
felucca-committer sqlite3 curl expat ssl
felucca-notifier sqlite3 expat dcmnet dcmdata oflog ofstd
felucca-console  curl expat dcmnet dcmdata oflog ofstd
felucca-tray     curl expat ssl crypt dcmnet dcmdata oflog ofstd
felucca          expat dcmnet dcmdata oflog ofstd
'

# Functions of a room begin with these.
symbols='
condition condition_compile
dicom     header_read
spool     spool_
search    search_
reading   reading_
config    config_load
service   service_start
http      http_start
kheops    introspection_
jobs      jobdb_
view      details_
sandbox   sandbox_enter
tls       tls_server_
users     users_
worker    worker_
import    instance_take
'

# row PROGRAM: the rooms of its row.
row()
{
    folder=${1#felucca-}
    [ "$folder" = felucca ] && folder=cli
    sed -n '/^set(program_table/,/^)/s/^ *"\([a-z]*\) *| *\([^|]*[^| ]\) *|.*/\1 \2/p' "$root/cmake/rooms.cmake" |
        awk -v folder="$folder" '$1 == folder { $1 = ""; print }'
}

echo "$foreign" | while read -r program libraries; do
    [ -n "$program" ] || continue
    [ -x "$bin/$program" ] || { echo "$bin/$program is not built"; exit 1; }
    needed=$(readelf -d "$bin/$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
    for library in $libraries; do
        case $needed in *lib"$library".so* | *lib"$library"-*)
            echo "$program is linked with $library"
            exit 1
            ;;
        esac
    done
done || status=1

for folder in $(cd "$root" && folders_of_programs); do
    program=felucca-$folder
    [ "$folder" = cli ] && program=felucca
    rooms=$(row "$program")
    [ -n "$rooms" ] || { echo "cmake/rooms.cmake has no row of $program"; exit 1; }
    nm --defined-only "$bin/$program" | awk '{ print $3 }' >"${TMPDIR:-/tmp}/walls.$$"
    echo "$symbols" | while read -r room prefix; do
        [ -n "$room" ] || continue
        case " $rooms " in *" $room "*) continue ;; esac
        if grep -q "^$prefix" "${TMPDIR:-/tmp}/walls.$$"; then
            echo "$program holds functions of common/$room: $(grep "^$prefix" "${TMPDIR:-/tmp}/walls.$$" | head -n 3 | tr '\n' ' ')"
            exit 1
        fi
    done || status=1
    rm -f "${TMPDIR:-/tmp}/walls.$$"
done

# A planted program, linked with curl, must be noticed, or nothing above means anything.
if [ -z "${3:-}" ]; then
    planted=$(mktemp -d)
    trap 'rm -rf "$planted"' EXIT
    cp "$bin"/felucca* "$planted"
    echo 'const char *curl_version(void); int main(void) { return !curl_version(); }' >"$planted/main.c"
    cc -o "$planted/felucca-router" "$planted/main.c" -lcurl
    if "$0" "$root" "$2" "$planted" >"$planted/out"; then
        echo "walls does not notice a router that is linked with curl"
        status=1
    elif ! grep -q 'felucca-router is linked with curl' "$planted/out"; then
        cat "$planted/out"
        status=1
    fi
fi
exit $status
