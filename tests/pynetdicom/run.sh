#!/bin/sh
# tests/pynetdicom/run.sh BUILD: storage commitment, and DICOM over TLS, with pynetdicom as the modality. Debian has no package of it, so it is
# fetched from the Python package index into BUILD/pynetdicom, for this test alone. 77: it cannot be had.
set -eu

build=$(cd "$1" && pwd)
python=$build/pynetdicom/bin/python3

if ! "$python" -c 'import pynetdicom' 2>/dev/null; then
    rm -rf "$build/pynetdicom"
    if ! /usr/bin/python3 -m venv --system-site-packages "$build/pynetdicom" ||
        ! "$python" -m pip install --quiet --disable-pip-version-check 'pynetdicom==2.1.1'; then
        echo 'left out: pynetdicom cannot be installed'
        exit 77
    fi
fi
export FELUCCA_PYNETDICOM="$python"
"$build/tests/test_tls_pynetdicom"
exec "$build/tests/test_commitment_pynetdicom"
