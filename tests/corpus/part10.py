"""part10 - a DICOM file (PS3.10) taken apart: what its file meta header says, and the bytes behind it."""
import struct

NAMES = {2: 'class', 3: 'instance', 0x10: 'syntax'}
LONG = (b'OB', b'OW', b'SQ', b'UN', b'UT', b'OF', b'OD')


def read(data):
    """-> (meta, data set), or (None, None) where it is no such file"""
    if data[128:132] != b'DICM':
        return None, None
    meta, at = {}, 132
    while at + 8 <= len(data) and struct.unpack('<H', data[at:at + 2])[0] == 2:
        number, vr = struct.unpack('<H2s', data[at + 2:at + 6])
        if vr in LONG:
            length, at = struct.unpack('<I', data[at + 8:at + 12])[0], at + 12
        else:
            length, at = struct.unpack('<H', data[at + 6:at + 8])[0], at + 8
        if number in NAMES:
            meta[NAMES[number]] = data[at:at + length].rstrip(b'\0 ').decode('latin-1')
        at += length
    if sorted(meta) != sorted(NAMES.values()):
        return None, None
    return meta, data[at:]


def write(sop_class, sop_instance, syntax, data_set):
    def element(number, vr, value):
        value += b'\0' if len(value) % 2 else b''
        head = struct.pack('<HH2s', 2, number, vr)
        return head + (struct.pack('<2xI', len(value)) if vr == b'OB' else struct.pack('<H', len(value))) + value
    body = (element(1, b'OB', b'\0\1') + element(2, b'UI', sop_class.encode()) +
            element(3, b'UI', sop_instance.encode()) + element(0x10, b'UI', syntax.encode()) +
            element(0x12, b'UI', b'2.25.1'))
    return bytes(128) + b'DICM' + element(0, b'UL', struct.pack('<I', len(body))) + body + data_set
