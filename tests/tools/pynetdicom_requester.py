#!/usr/bin/env python3
"""A modality over pynetdicom: asks for storage commitment, and prints the report that comes.

Usage: pynetdicom_requester.py LISTEN_PORT PORT CALLED CALLING TRANSACTION ANSWER INSTANCE...

ANSWER is the status of its answer to a report, in hexadecimal. Of CT images it prints, in a line each:
    status 0000
    report TRANSACTION type 1 committed INSTANCE... denied INSTANCE=0112...
It ends after the first report, with 1 where none came within a minute.
"""

import sys
import threading

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom import AE, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

CT = "1.2.840.10008.5.1.4.1.1.2"
PATIENCE = 60


def in_words(report):
    committed = [item.ReferencedSOPInstanceUID for item in report.get("ReferencedSOPSequence", [])]
    denied = [f"{item.ReferencedSOPInstanceUID}={item.FailureReason:04x}"
              for item in report.get("FailedSOPSequence", [])]
    return " ".join(["committed", *committed, "denied", *denied])


def main(words):
    listen_port, port, called, calling, transaction, answer = words[:6]
    came = threading.Event()

    def take_report(event):
        report = event.event_information
        print(f"report {report.TransactionUID} type {event.event_type} {in_words(report)}", flush=True)
        came.set()
        return int(answer, 16), None

    listener = AE(ae_title=calling)
    listener.add_supported_context(StorageCommitmentPushModel, scu_role=True, scp_role=True)
    server = listener.start_server(("127.0.0.1", int(listen_port)), block=False,
                                   evt_handlers=[(evt.EVT_N_EVENT_REPORT, take_report)])

    action = Dataset()
    action.TransactionUID = transaction
    action.ReferencedSOPSequence = Sequence()
    for instance in words[6:]:
        item = Dataset()
        item.ReferencedSOPClassUID = CT
        item.ReferencedSOPInstanceUID = instance
        action.ReferencedSOPSequence.append(item)
    asking = AE(ae_title=calling)
    asking.add_requested_context(StorageCommitmentPushModel)
    association = asking.associate("127.0.0.1", int(port), ae_title=called)
    if not association.is_established:
        print("no association")
        return 1
    status, _ = association.send_n_action(action, 1, StorageCommitmentPushModel,
                                          StorageCommitmentPushModelInstance)
    association.release()
    print(f"status {status.Status:04x}" if status else "no answer", flush=True)
    has_come = came.wait(PATIENCE)
    server.shutdown()
    return 0 if has_come else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
