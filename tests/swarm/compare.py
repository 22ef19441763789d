#!/usr/bin/python3
"""compare - whether KHEOPS has what was accepted, and nothing else, by SOP Instance UID; and whether its series are shared.

Usage: compare.py ACCEPTED STATE ALBUM [OTHER-ACCEPTED...]

ACCEPTED and the others are files of callers.py, STATE is what GET /sim/state of kheops-sim told. Prints a line
"accepted N arrived N elsewhere N unshared N": of ACCEPTED, how many there are and have arrived; how many are at KHEOPS that no
file names; how many of KHEOPS's series are not in the album.
"""

import json
import sys


def uids(path):
    with open(path, encoding="ascii") as file:
        return [line.split()[2] for line in file]


def main(accepted_path, state_path, album, *others):
    with open(state_path, encoding="utf-8") as file:
        state = json.load(file)
    accepted = uids(accepted_path)
    named = set(accepted).union(*map(uids, others))
    there = {instance["sop"] for study in state["studies_list"] for series in study["series"]
             for instance in series["instances"]}
    series = {series["series"] for study in state["studies_list"] for series in study["series"]}
    shared = {one["series"] for entry in state["albums"] if entry["name"] == album
              for one in entry["series"] if one["puts"] > 0}
    print(f"accepted {len(accepted)} arrived {len(there.intersection(accepted))} elsewhere {len(there - named)} "
          f"unshared {len(series - shared)}")


main(*sys.argv[1:])
