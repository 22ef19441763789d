#!/bin/sh
# test-authority - makes a certificate authority to try DICOM over TLS with, a certificate for the receiver, and one for each
# peer: in PEM files, good for 30 days.
#
# Usage: test-authority.sh FOLDER HOST [PEER...]
#
# HOST: by which peers call the receiver, a name or an IPv4 address. In FOLDER, which is made, are then ca.pem and ca.key,
# receiver.pem and receiver.key, and PEER.pem and PEER.key, whose subject is CN=PEER. Never over existing ones. Needs openssl.
# As root the receiver's files belong to the containers' user.
#
# For trials: its key lies beside what it signs, without a passphrase. A hospital has an authority of its own.
set -eu

days=30
user=11112 # of the image

fail()
{
    echo "test-authority: $*" >&2
    exit 1
}

# certificate NAME SUBJECT_ALT_NAME: signed by ca; RSA, which old peers take, too.
certificate()
{
    openssl req -newkey rsa:2048 -nodes -keyout "$folder/$1.key" -out "$folder/$1.csr" -subj "/CN=$1" \
        -addext "subjectAltName=$2" 2>/dev/null || fail "openssl cannot make a key for $1"
    openssl x509 -req -in "$folder/$1.csr" -CA "$folder/ca.pem" -CAkey "$folder/ca.key" -CAcreateserial \
        -copy_extensions copyall -days $days -out "$folder/$1.pem" 2>/dev/null || fail "openssl cannot sign $1"
    rm "$folder/$1.csr"
}

[ $# -ge 2 ] || { echo 'usage: test-authority.sh FOLDER HOST [PEER...]' >&2; exit 2; }
folder=$1
host=$2
shift 2
for name in "$@"; do
    printf '%s\n' "$name" | grep -qE '^[A-Za-z0-9][A-Za-z0-9_.-]*$' || fail "$name is no name for files"
    [ ! -e "$folder/$name.pem" ] || fail "there is $folder/$name.pem already"
done
[ ! -e "$folder/ca.pem" ] && [ ! -e "$folder/receiver.pem" ] || fail "there are certificates in $folder already"
umask 077
mkdir -p "$folder"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$folder/ca.key" -out "$folder/ca.pem" -days $days \
    -subj '/CN=Felucca test authority' 2>/dev/null || fail 'openssl cannot make an authority'
case $host in
    *[!0-9.]*) certificate receiver "DNS:$host" ;;
    *) certificate receiver "IP:$host" ;;
esac
for name in "$@"; do certificate "$name" "DNS:$name"; done
rm -f "$folder/ca.srl"
chmod 644 "$folder"/*.pem
if [ "$(id -u)" = 0 ]; then
    chmod 755 "$folder"
    chown "$user:$user" "$folder/receiver.key"
fi
cat <<END
receiver:
  tls:
    port: 2762
    certificate_file: $(cd "$folder" && pwd)/receiver.pem
    key_file: $(cd "$folder" && pwd)/receiver.key
    ca_file: $(cd "$folder" && pwd)/ca.pem
END
