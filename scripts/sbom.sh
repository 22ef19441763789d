#!/bin/sh
# sbom - a software bill of materials (SPDX 2.3, JSON) of a built Felucca: itself, and each Debian package that
# packages.txt names for running it, with the version that is installed here, so that somebody who hears of a fault in
# one of them knows whether this build has it.
#
# Usage: sbom.sh VERSION [TIME]   (TIME: seconds since 1970; else that of the last commit, else now)
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
version=$1
seconds=${2:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || date +%s)}
created=$(date -u -d "@$seconds" +%Y-%m-%dT%H:%M:%SZ)

awk '!/^#/ && index("," $2 ",", ",run,") { print $1 }' "$root/packages.txt" | sort -u | while read -r name; do
    dpkg-query -W -f '${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' "$name"
done | awk -v version="$version" -v created="$created" '
    # Debian names hold nothing that JSON would quote; an SPDX id holds letters, digits, dots and hyphens only.
    function id(name) { gsub(/[^A-Za-z0-9.-]/, "-", name); return "SPDXRef-" name }
    BEGIN {
        printf "{\n \"spdxVersion\": \"SPDX-2.3\",\n \"dataLicense\": \"CC0-1.0\",\n \"SPDXID\": \"SPDXRef-DOCUMENT\",\n"
        printf " \"name\": \"felucca-%s\",\n", version
        printf " \"documentNamespace\": \"https://felucca.invalid/spdx/%s/%s\",\n", version, created
        printf " \"creationInfo\": { \"created\": \"%s\", \"creators\": [\"Tool: felucca-sbom\"] },\n \"packages\": [\n", created
        printf "  { \"SPDXID\": \"SPDXRef-felucca\", \"name\": \"felucca\", \"versionInfo\": \"%s\",\n", version
        printf "    \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false }"
    }
    {
        locator = $2
        gsub(/[+]/, "%2B", locator)
        gsub(/:/, "%3A", locator)
        printf ",\n  { \"SPDXID\": \"%s\", \"name\": \"%s\", \"versionInfo\": \"%s\",\n", id($1), $1, $2
        printf "    \"downloadLocation\": \"NOASSERTION\", \"filesAnalyzed\": false,\n"
        printf "    \"sourceInfo\": \"Debian source package %s %s\",\n", $4, $5
        printf "    \"externalRefs\": [{ \"referenceCategory\": \"PACKAGE-MANAGER\", \"referenceType\": \"purl\",\n"
        printf "      \"referenceLocator\": \"pkg:deb/debian/%s@%s?arch=%s\" }] }", $1, locator, $3
        relations = relations sprintf(",\n  { \"spdxElementId\": \"SPDXRef-felucca\", \"relationshipType\": \"DEPENDS_ON\", " \
            "\"relatedSpdxElement\": \"%s\" }", id($1))
    }
    END {
        printf "\n ],\n \"relationships\": [\n"
        printf "  { \"spdxElementId\": \"SPDXRef-DOCUMENT\", \"relationshipType\": \"DESCRIBES\", \"relatedSpdxElement\": \"SPDXRef-felucca\" }"
        printf "%s\n ]\n}\n", relations
    }'
