#!/bin/sh
# sbom - the bill of materials is JSON, names every package that packages.txt needs for running, each with the version
# that is installed, and relates each to Felucca.
#
# Usage: sbom.sh ROOT
set -eu
. "$(dirname "$0")/files.sh"
cd "$1"
need python3
scripts/sbom.sh 9.9 86400 | python3 -c '
import json, subprocess, sys

bill = json.load(sys.stdin)
packages = {p["name"]: p for p in bill["packages"]}
wanted = {line.split()[0] for line in open("packages.txt")
          if not line.startswith("#") and line.strip() and "run" in line.split()[1].split(",")}
assert len(wanted) > 5, "packages.txt: no packages found"
assert set(packages) == wanted | {"felucca"}, set(packages) ^ (wanted | {"felucca"})
assert packages["felucca"]["versionInfo"] == "9.9"
assert bill["creationInfo"]["created"] == "1970-01-02T00:00:00Z", bill["creationInfo"]
for name in wanted:
    installed = subprocess.check_output(["dpkg-query", "-W", "-f", "${Version}", name], text=True)
    assert packages[name]["versionInfo"] == installed, name
related = {r["relatedSpdxElement"] for r in bill["relationships"] if r["relationshipType"] == "DEPENDS_ON"}
assert related == {packages[name]["SPDXID"] for name in wanted}, related
'
