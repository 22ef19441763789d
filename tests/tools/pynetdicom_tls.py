# pynetdicom_tls - calls a receiver's TLS port as a modality that is made with pynetdicom: C-ECHO, then C-STORE of a file.
#
# Usage: pynetdicom_tls.py PORT CALLED CALLING CA CERTIFICATE KEY FILE     CERTIFICATE and KEY "": shows none
#
# Prints "echo 0000", "store 0000"; or "rejected", "no association" and ends with 1.
import ssl
import sys

from pydicom import dcmread
from pynetdicom import AE
from pynetdicom.sop_class import Verification

port, called, calling, ca, certificate, key, path = sys.argv[1:]
context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=ca)
if certificate:
    context.load_cert_chain(certificate, key)
dataset = dcmread(path)
ae = AE(ae_title=calling)
ae.add_requested_context(Verification)
ae.add_requested_context(dataset.SOPClassUID, dataset.file_meta.TransferSyntaxUID)
association = ae.associate('127.0.0.1', int(port), ae_title=called, tls_args=(context, '127.0.0.1'))
if not association.is_established:
    print('rejected' if association.is_rejected else 'no association')
    sys.exit(1)
print('echo %04x' % association.send_c_echo().Status)
print('store %04x' % association.send_c_store(dataset).Status)
association.release()
