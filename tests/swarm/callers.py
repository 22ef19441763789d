#!/usr/bin/python3
"""callers - modalities that send small studies through a front door, one after the other, until they are told to stop.

Usage: callers.py HOST PORT --studies FOLDER --accepted FILE [--callers N] [--title NAME] [--stop FILE] [--most N]

Each caller is a storescu at a time, with a calling AE title of its own. What was answered Success is written to FILE at once
(seconds, caller, SOP Instance UID) and never sent again: its file is removed. The rest of an association that failed is sent
again after 0.3 s, until all of the study was accepted. A JSON object on standard output tells how it went at its end: at the
stop file's, or when there are no more studies (--most: no more than so many are taken).

    {"studies", "accepted", "associations", "failed", "gap", "caller_gap"}

gap: the longest time in seconds between two accepted instances, whoever sent them; caller_gap: of one caller.
"""

import argparse
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
import time

import pydicom

PAUSE, BREAK, PATIENCE = 0.3, 0.3, 180  # seconds: before something is sent again; between studies; for the last ones after the stop


class Callers:
    def __init__(self, arguments):
        self.arguments = arguments
        self.lock = threading.Lock()
        self.studies = queue.SimpleQueue()
        for name in sorted(os.listdir(arguments.studies))[: arguments.most]:
            self.studies.put(os.path.join(arguments.studies, name))
        self.times = {}  # of what was accepted, by caller
        self.done = self.associations = self.failed = 0
        self.ends = None
        self.refused = []  # studies that were not taken in time

    def stopped(self):
        if self.ends is None and self.arguments.stop and os.path.exists(self.arguments.stop):
            self.ends = time.monotonic() + PATIENCE
        return self.ends is not None

    def accept(self, caller, path, uid):
        with self.lock:
            self.times[caller].append(time.monotonic())
            with open(self.arguments.accepted, "a", encoding="ascii") as file:
                file.write(f"{time.time():.3f} {caller} {uid}\n")
        os.unlink(path)

    def send(self, caller, uids):
        """One association. uids: by path, those that were not accepted yet; the accepted ones are taken out."""
        command = ["storescu", "-v", "-to", "10", "-ta", "30", "-td", "30", "-aet", caller, "-aec", "FELUCCA",
                   self.arguments.host, self.arguments.port, *uids]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            sending = None
            for line in process.stderr:
                named = re.match(r"I: Sending file: (.*)", line)
                if named:
                    sending = named.group(1)
                elif line.startswith("I: Received Store Response (Success)"):
                    self.accept(caller, sending, uids.pop(sending))
        return process.returncode == 0 and not uids

    def send_study(self, caller, folder):
        paths = sorted(entry.path for entry in os.scandir(folder))
        uids = {path: str(pydicom.dcmread(path, stop_before_pixels=True).SOPInstanceUID) for path in paths}
        while True:
            good = self.send(caller, uids)
            with self.lock:
                self.associations += 1
                self.failed += not good
            if not uids:
                shutil.rmtree(folder)
                self.done += 1
                return True
            if self.stopped() and time.monotonic() > self.ends:
                return False
            time.sleep(PAUSE)

    def call(self, number):
        caller = f"{self.arguments.title}{number}"
        self.times[caller] = []
        while not self.stopped():
            try:
                folder = self.studies.get_nowait()
            except queue.Empty:
                return
            if not self.send_study(caller, folder):
                self.refused.append(folder)
            time.sleep(BREAK)

    def run(self):
        threads = [threading.Thread(target=self.call, args=(i + 1,)) for i in range(self.arguments.callers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.refused:
            sys.exit(f"callers: not taken within {PATIENCE} s after the stop: {self.refused}")
        every = sorted(moment for times in self.times.values() for moment in times)
        return {"studies": self.done, "accepted": len(every), "associations": self.associations, "failed": self.failed,
                "gap": longest(every), "caller_gap": max(longest(times) for times in self.times.values())}


def longest(times):
    return round(max((after - before for before, after in zip(times, times[1:])), default=0), 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("host")
    parser.add_argument("port")
    for name in ("--studies", "--accepted"):
        parser.add_argument(name, required=True)
    parser.add_argument("--callers", type=int, default=1)
    parser.add_argument("--title", default="CALLER")
    parser.add_argument("--stop")
    parser.add_argument("--most", type=int)
    print(json.dumps(Callers(parser.parse_args()).run()))


if __name__ == "__main__":
    main()
