"""odd_files - one file for each oddity that is known of devices, archives and research tools, and what becomes of it.

Synthetic: no byte of them is of anybody's image."""
import struct
import zlib

import part10

CT, PALETTE = '1.2.840.10008.5.1.4.1.1.2', '1.2.840.10008.5.1.4.39.1'
EXPLICIT, IMPLICIT, BIG, DEFLATED = ('1.2.840.10008.1.2.1', '1.2.840.10008.1.2', '1.2.840.10008.1.2.2',
                                     '1.2.840.10008.1.2.1.99')
LONG = ('OB', 'OW', 'SQ', 'UN', 'UT')
DELIVERED, REFUSED = 'delivered', 'context refused'


def element(tag, vr, value, syntax=EXPLICIT, undefined=False):
    order = '>' if syntax == BIG else '<'
    head = struct.pack(order + 'HH', tag >> 16, tag & 0xFFFF)
    length = 0xFFFFFFFF if undefined else len(value)
    if syntax == IMPLICIT:
        return head + struct.pack('<I', length) + value
    if vr in LONG:
        return head + vr.encode() + struct.pack(order + '2xI', length) + value
    return head + vr.encode() + struct.pack(order + 'H', length) + value


def text(tag, vr, value, syntax=EXPLICIT):
    value = value.encode() + (b'' if len(value) % 2 == 0 else b'\0' if vr == 'UI' else b' ')
    return element(tag, vr, value, syntax)


def data_set(number, syntax=EXPLICIT, study=None, series=None, sop=None, sop_class=CT, middle=b'', pixels=b'\0' * 64):
    parts = [text(0x00080016, 'UI', sop_class, syntax), text(0x00080018, 'UI', sop or '2.25.77.%d' % number, syntax),
             text(0x00080060, 'CS', 'CT', syntax)]
    if study != '':
        parts.append(text(0x0020000D, 'UI', study or '2.25.78.%d' % number, syntax))
    if series != '':
        parts.append(text(0x0020000E, 'UI', series or '2.25.79.%d' % number, syntax))
    parts.append(middle)
    if pixels is not None:
        parts.append(element(0x7FE00010, 'OW', pixels, syntax))
    return b''.join(parts)


def tail(value=b'TRIAL-7 '):
    return element(0x00400254, 'LO', value)


def stray(tag, length=0):
    return struct.pack('<HHI', tag >> 16, tag & 0xFFFF, length)


def sets():
    """-> (name, transfer syntax, data set, what becomes of it, SOP class, SOP instance of the command)"""
    def row(name, body, fate=DELIVERED, syntax=EXPLICIT, sop_class=CT, sop=None):
        return name, syntax, body, fate, sop_class, sop
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    fragments = stray(0xFFFEE000) + stray(0xFFFEE000, 4) + b'abcd' + stray(0xFFFEE0DD)
    word, number = 'dccc9599087131742838cc1162a630fe', 1
    rows = [
        row('as usual', lambda n: data_set(n, middle=tail())),
        row('implicit', lambda n: data_set(n, IMPLICIT), syntax=IMPLICIT),
        row('big endian', lambda n: data_set(n, BIG), syntax=BIG),
        row('deflated', lambda n: squeeze.compress(data_set(n)) + squeeze.flush(), syntax=DEFLATED),
        row('compressed', lambda n: data_set(n, pixels=None) + element(0x7FE00010, 'OB', b'', undefined=True) + fragments,
            syntax='1.2.840.10008.1.2.4.90'),
        row('HTJ2K', lambda n: data_set(n, pixels=None) + element(0x7FE00010, 'OB', b'', undefined=True) + fragments,
            syntax='1.2.840.10008.1.2.4.201'),
        row('a stray item', lambda n: data_set(n, middle=stray(0xFFFEE000) + tail())),
        row('a stray end of a sequence', lambda n: data_set(n, middle=stray(0xFFFEE0DD) + tail())),
        row('a tag above the pixel data', lambda n: data_set(n, middle=element(0x7FE10010, 'LO', b'X ') + tail())),
        row('a length beyond the end', lambda n: data_set(n, middle=b'\x32\0\x60\x10LO\x60\xea' + tail())),
        row('a sequence that ends nowhere',
            lambda n: data_set(n, middle=element(0x00400260, 'SQ', b'', undefined=True) + stray(0xFFFEE000, 0xFFFFFFFF))),
        row('pixel data that is cut', lambda n: data_set(n)[:-60]),
        row('attributes behind the pixels', lambda n: data_set(n) + tail()),
        row('zeros behind the data set', lambda n: data_set(n, pixels=None) + bytes(16)),
        row('an odd length', lambda n: data_set(n, pixels=b'\0' * 63)),
        row('an odd text', lambda n: data_set(n, middle=tail(b'TRIAL-7'))),
        row('no pixel data', lambda n: data_set(n, pixels=None)),
        row('VR UN', lambda n: data_set(n, middle=element(0x00400254, 'UN', b'TRIAL-7 '))),
        row('private ones', lambda n: data_set(n, middle=element(0x00290010, 'LO', b'SIEMENS CSA HEADER') +
                                               element(0x00291008, 'UN', b'IMAGE NUM 4 '))),
        row('group lengths', lambda n: element(0x00080000, 'UL', struct.pack('<I', 0)) + data_set(n)),
        row('a value twice', lambda n: data_set(n, middle=tail() + tail(b'OTHER '))),
        row('leading zeros', lambda n: data_set(n, study='1.2.003')),
        row('a hash as study', lambda n: data_set(n, study=word)),
        row('letters as instance', lambda n: data_set(n, sop='INSTANCE-1'), sop='INSTANCE-1'),
        row('no study', lambda n: data_set(n, study=''), 'quarantined: no valid Study Instance UID'),
        row('no series', lambda n: data_set(n, series=''), 'quarantined: no valid Series Instance UID'),
        row('UIDs behind a break', lambda n: data_set(n, study='', middle=b'\x20\0\x0c\0LO\x60\xea' + text(0x0020000D, 'UI', '1.2')),
            'quarantined: no valid Study Instance UID'),
        row('a control character as study', lambda n: data_set(n, study='1.2\x1b[2J'), 'C000'),
        row('another instance', lambda n: data_set(n), 'A900', sop='2.25.4711'),
        row('another class', lambda n: data_set(n, sop_class='1.2.840.10008.5.1.4.1.1.4'), 'A900'),
        row('no data set', lambda n: b'\0' * 2, 'quarantined: '),
        row('no DICOM', lambda n: b'GET / HTTP/1.1\r\n\r\n', 'quarantined: '),
        row('no study by its definition', lambda n: data_set(n, sop_class=PALETTE, study='', series=''), REFUSED,
            sop_class=PALETTE),
        row('sent twice', lambda n: data_set(1, middle=tail(b'TRIAL-8 ')), sop='2.25.77.1'),
    ]
    for number, (name, syntax, make, fate, sop_class, sop) in enumerate(rows, 1):
        yield name, part10.write(sop_class, sop or '2.25.77.%d' % number, syntax, make(number)), fate
