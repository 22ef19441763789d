# base-image - debian:bookworm-slim from Debian's packages alone, with the machine's own package sources: to be
# sourced after engine.sh. Sources and proxies go into the image, and with it into builds, and nowhere else.
#
# make_base_image FOLDER   writes it there and imports it

# The machine's sources of Debian itself, as lines for sources.list.
debian_sources()
{
    apt-get indextargets --format '$(ORIGIN)|deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        sed -n 's/^Debian|//p' | sort -u
}

# How this machine reaches them.
apt_options()
{
    echo 'Acquire::Languages "none";'
    apt-config dump | grep -E '^Acquire::([a-z]+::(Proxy|Verify-Peer)|Check-(Valid-Until|Date)|Retries|ForceIPv4)' || :
    # shellcheck disable=SC2154 # of the environment
    for scheme in http https; do
        eval "proxy=\${${scheme}_proxy:-}"
        [ -z "$proxy" ] || echo "Acquire::$scheme::Proxy \"$proxy\";"
    done
}

make_base_image()
{
    apt_options >"$1/apt.conf"
    debian_sources >"$1/sources.list"
    set -- "$1" --aptopt="$1/apt.conf"
    # As Debian's slim images are: no documents, no translations, no waiting for the disk.
    set -- "$@" --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/doc/*'
    if grep -q 'https:' "$1/sources.list"; then set -- "$@" --include=ca-certificates; fi
    base_folder=$1
    shift
    set -- --variant=minbase --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr "$@" bookworm "$base_folder/base.tar"
    if [ -s "$base_folder/sources.list" ]; then set -- "$@" "$base_folder/sources.list"; fi
    TMPDIR=$base_folder mmdebstrap "$@" && engine_docker import "$base_folder/base.tar" debian:bookworm-slim
}
