#!/usr/bin/python3
"""corpus - every file of a folder through receiver, router and sender to a STOW server, compared byte for byte.

usage: corpus.py FELUCCA [FOLDER...]        FELUCCA: the program of that name, beside those of the processes

Without a folder: the DICOM files that the installed packages bring (read, never copied), and one file for each oddity
of odd_files.py, each of which must become what is written there. Files without a file meta header, and what is no
DICOM, are left out. Prints how many were delivered, and a table of what was refused or quarantined, and why.
Exit status 1: a data set was delivered changed, one that was accepted is neither delivered nor in quarantine, or an
oddity became something else.
"""
import collections
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

import odd_files
import part10
import upper
from sink import Sink

INSTALLED = ['/usr/lib/python3/dist-packages/pydicom/data', '/usr/share']
LARGEST = 64 << 20
PATIENCE = 120
MOST_INSTALLED = 400


def free_port():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


def is_dicom(path):
    try:
        if os.path.islink(path) or os.path.getsize(path) > LARGEST:
            return False
        with open(path, 'rb') as file:
            return file.read(132)[128:] == b'DICM'
    except OSError:
        return False


def files_of(folders):
    for folder in folders:
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                path = os.path.join(place, name)
                if is_dicom(path):
                    with open(path, 'rb') as file:
                        yield path, file.read(), None


class Gateway:
    def __init__(self, felucca, folder, sink):
        self.felucca, self.port, self.state = felucca, free_port(), os.path.join(folder, 'state')
        self.config = os.path.join(folder, 'felucca.yaml')
        with open(self.config, 'w') as file:
            file.write('state_dir: %s\nreceiver: { port: %d, bind: 127.0.0.1, min_free_space: 256MiB }\n'
                       'metrics: { port: 0 }\nretry: { first: 100ms, ceiling: 1s }\n'
                       'nodes:\n  - aet: CORPUS\n    destinations:\n'
                       '      - { name: sink, stow_url: "http://127.0.0.1:%d/studies", kheops: false }\n'
                       % (self.state, self.port, sink.port))
        self.log = open(os.path.join(folder, 'log'), 'w')
        self.process = subprocess.Popen([felucca, 'up', '--config', self.config], stdout=self.log, stderr=self.log)

    def await_ready(self):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.05)
        return False

    def is_drained(self):
        for place in ('incoming', 'queue'):
            for _, _, names in os.walk(os.path.join(self.state, 'spool', place)):
                if any(name.endswith('.dcm') for name in names):
                    return False
        return True

    def await_drained(self):
        deadline = time.monotonic() + PATIENCE
        while not self.is_drained():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        return True

    def ask(self, *words):
        output = subprocess.run([self.felucca, *words, '--json', '--config', self.config], capture_output=True)
        return [json.loads(line) for line in output.stdout.splitlines()]

    def quarantined(self):
        """-> {hash of the data set: reason}"""
        reasons = {}
        for row in self.ask('quarantine'):
            path = os.path.join(self.state, 'spool', 'quarantine', row['receipt'] + '.dcm')
            with open(path, 'rb') as file:
                _, data_set = part10.read(file.read())
            reasons[hashlib.sha256(data_set).hexdigest()] = row['reason']
        return reasons

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.log.close()


def send_all(gateway, files):
    """-> [(name, hash, status, wanted fate)] of those that can be sent"""
    sent = []
    for name, data, wanted in files:
        meta, data_set = part10.read(data)
        if meta is None:
            continue
        status = upper.store(gateway.port, 'CORPUS', meta['class'], meta['instance'], meta['syntax'], data_set)
        sent.append((name, hashlib.sha256(data_set).hexdigest(), status, wanted))
    return sent


def fate_of(digest, status, hashes, reasons):
    if status != 0:
        return {upper.REFUSED: odd_files.REFUSED, upper.ABORTED: 'association aborted'}.get(status, '%04X' % status)
    if digest in hashes:
        return odd_files.DELIVERED
    return 'quarantined: ' + reasons[digest] if digest in reasons else 'LOST OR CHANGED'


def is_as_wanted(fate, wanted):
    if wanted is None:
        return not fate.startswith('LOST')
    return fate.startswith('quarantined: ') and wanted[len('quarantined: '):] in fate \
        if wanted.startswith('quarantined: ') else fate == wanted


def report(sent, hashes, reasons):
    wrong, table = [], collections.defaultdict(list)
    for name, digest, status, wanted in sent:
        fate = fate_of(digest, status, hashes, reasons)
        table[fate].append(name)
        if not is_as_wanted(fate, wanted):
            wrong.append('%s: %s%s' % (name, fate, ', wanted: ' + wanted if wanted else ''))
    print('%d files sent, %d delivered byte for byte' % (len(sent), len(table.pop(odd_files.DELIVERED, []))))
    for fate, names in sorted(table.items(), key=lambda entry: -len(entry[1])):
        print('%5d  %s\n       %s' % (len(names), fate, names[0]))
    return wrong


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if len(sys.argv) > 2:
        files = files_of(sys.argv[2:])
    else:
        installed = [file for _, file in zip(range(MOST_INSTALLED), files_of(INSTALLED))]
        files = list(odd_files.sets()) + installed
    sink = Sink()
    with tempfile.TemporaryDirectory() as folder:
        gateway = Gateway(sys.argv[1], folder, sink)
        try:
            if not gateway.await_ready():
                sys.exit('felucca does not start:\n' + open(os.path.join(folder, 'log')).read())
            sent = send_all(gateway, files)
            drained = gateway.await_drained()
            wrong = report(sent, sink.hashes, gateway.quarantined()) + sink.broken
            if not drained:
                wrong.append('files are left in the spool')
            if not sent:
                wrong.append('no file could be sent')
        finally:
            gateway.stop()
    for line in wrong:
        print('WRONG  ' + line)
    sys.exit(1 if wrong else 0)


if __name__ == '__main__':
    main()
