# volumes - where the volumes of a Compose project are on this host: to be sourced by scripts that run as root.

fail()
{
    echo "$(basename "$0" .sh): $*" >&2
    exit 1
}

# volume PROJECT NAME: its folder.
volume()
{
    volume_id=$(docker volume ls -q --filter "label=com.docker.compose.project=$1" \
        --filter "label=com.docker.compose.volume=$2")
    [ -n "$volume_id" ] || fail "there is no volume \"$2\" of a project \"$1\" (docker volume ls shows what there is)"
    docker volume inspect -f '{{.Mountpoint}}' "$volume_id"
}
