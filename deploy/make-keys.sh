#!/bin/sh
# make-keys - makes the CURVE keys for deploy/tcp.yml and tells what the configuration has to say.
#
# Usage: make-keys.sh
#
# The secret keys go to $FELUCCA_SECRETS_FOLDER/curve/SERVICE/secret_key, the public ones of all services to
# $FELUCCA_CONFIG_FOLDER/allowed_keys (by default secrets and config beside this script). Never over existing ones.
# Needs root and the image.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
secrets=${FELUCCA_SECRETS_FOLDER:-$here/secrets}
config=${FELUCCA_CONFIG_FOLDER:-$here/config}
image=${FELUCCA_IMAGE:-felucca}:${FELUCCA_TAG:-latest}

fail()
{
    echo "make-keys: $*" >&2
    exit 1
}

[ $# -eq 0 ] || { echo 'usage: make-keys.sh' >&2; exit 2; }
[ "$(id -u)" = 0 ] || fail "please run it with sudo: the files are to belong to the containers' user"
[ ! -e "$config/allowed_keys" ] && [ ! -e "$secrets/curve" ] ||
    fail "there are keys already: $config/allowed_keys or $secrets/curve"
umask 022
mkdir "$secrets/curve"
for service in router receiver sender sharer; do
    mkdir "$secrets/curve/$service"
    pair=$(docker run --rm --network none --log-driver none "$image" felucca keys </dev/null) ||
        fail "no keys could be made with the image $image"
    public=$(printf '%s\n' "$pair" | sed -n 's/^public //p')
    printf '%s\n' "$pair" | sed -n 's/^secret //p' |
        FELUCCA_SECRETS_FOLDER=$secrets "$here/put-secret.sh" "curve/$service/secret_key"
    printf '%s  %s\n' "$public" "$service" >>"$config/allowed_keys"
    [ $service != router ] || server_key=$public
done
cat <<END
endpoints:
  hints: tcp://router:5570
  work: tcp://router:5571
  control: tcp://router:5572
curve:
  secret_key: \${file:/run/secrets/curve/secret_key}
  server_key: '$(printf %s "$server_key" | sed "s/'/''/g")'
  allowed_keys: /etc/felucca/allowed_keys
END
