#!/bin/sh
# put-secret - puts a token where the containers of docker-compose.yml find it, anew or in place of another.
#
# Usage: put-secret.sh FOLDER/NAME     such as sender/main_write; the token comes from standard input
#
# The new file is complete before it takes the old one's name, and only the containers' user can read it. Needs
# root for that. The folder is $FELUCCA_SECRETS_FOLDER, or secrets beside this script.
set -eu

secrets=${FELUCCA_SECRETS_FOLDER:-$(cd "$(dirname "$0")" && pwd)/secrets}
user=11112 # of the image

fail()
{
    echo "put-secret: $*" >&2
    exit 1
}

# A person at a terminal is not shown what is typed.
read_token()
{
    if [ -t 0 ]; then
        printf 'token: ' >&2
        stty -echo
        trap 'stty echo' EXIT
        trap 'exit 1' INT TERM
        IFS= read -r token || :
        stty echo
        trap - EXIT INT TERM
        echo >&2
    else
        IFS= read -r token || :
    fi
}

if [ $# -ne 1 ] || ! printf '%s\n' "$1" | grep -qE '^(sender|sharer|notifier|curve/[a-z]+)/[A-Za-z0-9][A-Za-z0-9._-]*$'; then
    echo 'usage: put-secret.sh sender/NAME, sharer/NAME or notifier/NAME, with the token on standard input' >&2
    exit 2
fi
[ "$(id -u)" = 0 ] || fail "please run it with sudo: the file is to belong to the containers' user"
[ -d "$secrets/${1%/*}" ] || fail "there is no folder $secrets/${1%/*}"
token=
read_token
[ -n "$token" ] || fail 'no token was given'
umask 077
new=$(mktemp "$secrets/$1.XXXXXX")
trap 'rm -f "$new"' EXIT
printf '%s\n' "$token" >"$new"
chmod 400 "$new"
chown "$user:$user" "$new"
mv "$new" "$secrets/$1"
trap - EXIT
