"""upper - a storage SCU of the DICOM upper layer (PS3.8), which sends any bytes as a data set."""
import socket
import struct

IMPLICIT = '1.2.840.10008.1.2'
PATIENCE = 60
PIECE = 16000
REFUSED, ABORTED = -1, -2


def item(kind, body):
    return struct.pack('>BxH', kind, len(body)) + body


def pdu(kind, body):
    return struct.pack('>BxI', kind, len(body)) + body


def receive(connection, length):
    data = b''
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            raise ConnectionError('the peer closed the connection')
        data += more
    return data


def read_pdu(connection):
    kind, length = struct.unpack('>BxI', receive(connection, 6))
    return kind, receive(connection, length)


def associate_request(called, calling, abstract, transfer):
    context = b'\x01\0\0\0' + item(0x30, abstract.encode()) + item(0x40, transfer.encode())
    user = item(0x51, struct.pack('>I', 0)) + item(0x52, b'2.25.1')
    body = struct.pack('>H2x', 1) + called.ljust(16).encode() + calling.ljust(16).encode() + bytes(32)
    return pdu(1, body + item(0x10, b'1.2.840.10008.3.1.1.1') + item(0x20, context) + item(0x50, user))


def context_is_accepted(answer):
    at = 68
    while at + 4 <= len(answer):
        kind, length = struct.unpack('>BxH', answer[at:at + 4])
        if kind == 0x21:
            return answer[at + 6] == 0
        at += 4 + length
    return False


def element(group, number, value):
    return struct.pack('<HHI', group, number, len(value)) + value


def padded(uid):
    return uid.encode() + (b'\0' if len(uid) % 2 else b'')


def store_command(sop_class, sop_instance):
    body = (element(0, 2, padded(sop_class)) + element(0, 0x100, struct.pack('<H', 1)) +
            element(0, 0x110, struct.pack('<H', 1)) + element(0, 0x700, struct.pack('<H', 0)) +
            element(0, 0x800, struct.pack('<H', 0)) + element(0, 0x1000, padded(sop_instance)))
    return element(0, 0, struct.pack('<I', len(body))) + body


def data_pdu(control, value):
    return pdu(4, struct.pack('>IBB', len(value) + 2, 1, control) + value)


def status_of(command):
    at = 0
    while at + 8 <= len(command):
        group, number, length = struct.unpack('<HHI', command[at:at + 8])
        if (group, number) == (0, 0x900):
            return struct.unpack('<H', command[at + 8:at + 10])[0]
        at += 8 + length
    return ABORTED


def store(port, called, sop_class, sop_instance, transfer, data_set):
    """-> the status of the C-STORE response, REFUSED (the context is) or ABORTED"""
    with socket.create_connection(('127.0.0.1', port), PATIENCE) as connection:
        connection.settimeout(PATIENCE)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection.sendall(associate_request(called, 'CT01', sop_class, transfer))
            kind, answer = read_pdu(connection)
            if kind != 2 or not context_is_accepted(answer):
                return REFUSED
            connection.sendall(data_pdu(3, store_command(sop_class, sop_instance)))
            pieces = [data_set[at:at + PIECE] for at in range(0, len(data_set), PIECE)] or [b'']
            for number, piece in enumerate(pieces):
                connection.sendall(data_pdu(2 if number + 1 == len(pieces) else 0, piece))
            kind, answer = read_pdu(connection)
            if kind != 4:
                return ABORTED
            status = status_of(answer[6:])
            connection.sendall(pdu(5, bytes(4)))
            return status
        except (ConnectionError, socket.timeout):
            return ABORTED
