#!/usr/bin/python3
"""pydicom_texts - what conditions see of a file is what pydicom sees of it.

usage: pydicom_texts.py FELUCCA [FOLDER...]

For each file of the folders (without any: those of Debian's python3-pydicom, the odd ones that this program writes, and
those of tests/corpus), every attribute of the top level is asked for by `felucca condition`: is it present, and is its text the
one that pydicom's value has by docs/conditions.md? So are attributes that pydicom does not find, negated. Each
difference is told, and is an error unless ALLOWED names its kind.
"""
import io
import json
import math
import os
import struct
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'corpus'))
import odd_files
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian

warnings.simplefilter('ignore')
pydicom.config.convert_wrong_length_to_UN = True

# What may differ, and why that is right.
ALLOWED = {
    'broken': 'the data set is broken, and Felucca says that it cannot decide; pydicom reads on or stops silently',
    'disorder': 'a sequence may have ended too early where something out of place was read over; pydicom does not mind',
    'twice': 'an attribute that is there twice cannot be decided; pydicom takes the last one',
    'name': 'pydicom drops the empty groups at the end of a name, which is as written here',
}
TEXTS = {'LT', 'ST', 'UT', 'UR'}
STRINGS = {'AE', 'AS', 'CS', 'DA', 'DS', 'DT', 'IS', 'LO', 'PN', 'SH', 'TM', 'UC', 'UI'}
NUMBERS = {'US', 'SS', 'UL', 'SL', 'SV', 'UV'}
ABSENT = ['0008,0096', '0010,2203', '0018,9004', '0020,9161', '0032,1064', '0040,A30A', '0054,0410', '3006,0010',
          '0040,0275/0040,0007', '0012,0022']
BLANK = ''.join(map(chr, range(33)))


def number_text(number, single):
    if math.isnan(number) or math.isinf(number):
        return 'NaN' if math.isnan(number) else 'Infinity' if number > 0 else '-Infinity'
    for digits in range(6 if single else 15, 18):
        text = '%.*g' % (digits, number)
        if (struct.unpack('<f', struct.pack('<f', float(text)))[0] if single else float(text)) == number:
            break
    if 'e' in text:
        mantissa, exponent = text.split('e')
        text = '%se%d' % (mantissa, int(exponent))
    return text


def text_of(element):
    """-> the text that docs/conditions.md promises, None without one"""
    value, vr = element.value, element.VR
    if value is None:
        return None
    values = list(value) if isinstance(value, (list, pydicom.multival.MultiValue)) else [value]
    if vr in TEXTS:
        return str(value).rstrip(BLANK) or None
    if vr in STRINGS:
        if vr in ('DS', 'IS', 'DA', 'DT', 'TM'):
            values = [getattr(v, 'original_string', v) for v in values]
        values = ['' if v is None or (vr == 'PN' and not v) else v for v in values]
        text = '\\'.join(str(v).strip(BLANK) for v in values)
        return text if text.strip('\\' + BLANK) else None
    if vr in NUMBERS:
        return '\\'.join(str(int(v)) for v in values) if values else None
    if vr in ('FL', 'FD'):
        return '\\'.join(number_text(v, vr == 'FL') for v in values) if values else None
    if vr == 'AT':
        return '\\'.join('%08X' % int(v) for v in values) if values else None
    return None


def is_present(element):
    if element.VR == 'SQ':
        return len(element.value) > 0
    if element.VR in TEXTS | STRINGS:
        return text_of(element) is not None
    return element.value not in (None, b'', '') and element.VM > 0


def quoted(text):
    return '"%s"' % text.replace('"', '""')


def questions(dataset):
    """-> (expression, the verdict that pydicom's values give, element or None)"""
    for tag in list(dataset.keys()):
        if tag.element == 0 or tag.group in (0, 2):
            continue
        name = '"%04X,%04X"' % (tag.group, tag.element)
        try:
            element = dataset[tag]
            text = text_of(element)
        except Exception:  # what pydicom cannot make a value of, it cannot be compared with
            continue
        yield 'tagIsPresent(%s)' % name, is_present(element), element
        if text is not None and len(text) < 20000:
            yield 'tagText(%s) == %s' % (name, quoted(text)), True, element
            yield 'tagValueIsPresent(%s, %s)' % (name, quoted(text + 'x')), False, element
        elif text is None and element.VR not in ('UN', 'SQ'):
            yield 'tagText(%s) == ""' % name, True, element
    for name in ABSENT:
        parts = [int(part.replace(',', ''), 16) for part in name.split('/')]
        found = [dataset]
        for part in parts[:-1]:
            found = [item for d in found if part in d and d[part].VR == 'SQ' for item in d[part].value]
        if not any(parts[-1] in d for d in found):
            yield '!tagIsPresent("%s")' % name, True, None


def kind_of(expression, element, verdict, answer):
    if verdict is None and answer['incomplete']:
        return 'broken'
    said = json.dumps(answer)
    if verdict is None and '/' in expression and 'a sequence may have ended too early' in said:
        return 'disorder'
    if verdict is None and 'it is there twice, with different values' in said:
        return 'twice'
    if element is not None and element.VR == 'PN' and '=' in str(element.value):
        return 'name'
    return None


def ask(felucca, path, asked):
    """-> for portions of what is asked: the verdicts, and the answer that holds them"""
    portion, size = [], 0
    for question in asked + [None]:
        if question is None or size + len(question[0].encode()) > 60000 or len(portion) == 400:
            if portion:
                # `or false` in front keeps a single question from being the whole tree.
                done = subprocess.run([felucca, 'condition', '--json', '(' + ') || ('.join(
                    ['false'] + [q[0] for q in portion]) + ')', path], capture_output=True, text=True)
                if done.returncode == 2:
                    raise SystemExit('%s: %s' % (path, done.stderr))
                answer = json.loads(done.stdout)
                yield portion, [part['verdict'] for part in answer['condition']['parts'][1:]], answer
            portion, size = [], 0
        if question:
            portion.append(question)
            size += len(question[0].encode()) + 8


def compare(felucca, path, tally):
    try:
        dataset = pydicom.dcmread(path, force=True)
        asked = list(questions(dataset))
    except Exception:
        tally['unread'] = tally.get('unread', 0) + 1
        return 0
    if subprocess.run([felucca, 'condition', 'true', path], capture_output=True).returncode == 2:
        tally['refused'] = tally.get('refused', 0) + 1
        return 0
    asked = [question for question in asked if '\0' not in question[0]] # no argument of a program has it
    wrong = 0
    for portion, verdicts, answer in ask(felucca, path, asked):
        for (expression, wanted, element), verdict in zip(portion, verdicts):
            tally['asked'] = tally.get('asked', 0) + 1
            if verdict == wanted:
                continue
            kind = kind_of(expression, element, verdict, answer)
            tally[kind or 'WRONG'] = tally.get(kind or 'WRONG', 0) + 1
            if not kind:
                wrong += 1
                print('%s: %s is %s here, VR %s' % (os.path.basename(path), ascii(expression)[:200], verdict,
                                                   element.VR if element else '-'))
    return wrong


# ---- odd files ----

def instance(**more):
    dataset = Dataset()
    dataset.SpecificCharacterSet = 'ISO_IR 100'
    dataset.SOPClassUID, dataset.SOPInstanceUID = '1.2.840.10008.5.1.4.1.1.7', '2.25.1'
    dataset.Modality, dataset.StudyDescription = 'OT', 'Sch\xe4del TRIAL-7'
    dataset.PatientName, dataset.SliceThickness, dataset.SeriesNumber = 'Synthetic^Sam', '1.50', '12'
    dataset.ImageType, dataset.Rows, dataset.PixelRepresentation = ['ORIGINAL', 'PRIMARY', ''], 64, 1
    dataset.SmallestImagePixelValue = -5
    dataset.add_new(0x00700022, 'FL', [0.1, 1e20, 2.5])
    dataset.add_new(0x00189087, 'FD', 1000.0)
    dataset.add_new(0x00280009, 'AT', 0x00181063)
    dataset.add_new(0x00190010, 'LO', 'SIEMENS MR HEADER')
    dataset.add_new(0x0019100C, 'IS', '1000')
    step = Dataset()
    step.ScheduledProcedureStepDescription = 'PERFUSION'
    dataset.RequestAttributesSequence = Sequence([step])
    for key, value in more.items():
        setattr(dataset, key, value)
    return dataset


def written(dataset, syntax):
    out = io.BytesIO()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    file = FileDataset(out, dataset, file_meta=meta, preamble=b'\0' * 128)
    file.is_little_endian, file.is_implicit_VR = syntax != ExplicitVRBigEndian, syntax == ImplicitVRLittleEndian
    file.save_as(out, write_like_original=False)
    return out.getvalue()


def as_unknown(data):
    """each short explicit attribute of a standard group above 0010 as UN"""
    at, out = data.index(b'DICM') + 4, bytearray()
    while at < len(data):
        group, vr = struct.unpack_from('<H2x2s', data, at)
        long = vr in (b'OB', b'OW', b'SQ', b'UN', b'UT', b'UC', b'UR')
        length = struct.unpack_from('<I', data, at + 8)[0] if long else struct.unpack_from('<H', data, at + 6)[0]
        head = 12 if long else 8
        if group > 0x10 and not long:
            out += data[at:at + 4] + b'UN\0\0' + struct.pack('<I', length) + data[at + 8:at + 8 + length]
        else:
            if length == 0xFFFFFFFF:
                return data[:data.index(b'DICM') + 4] + bytes(out) + data[at:]
            out += data[at:at + head + length]
        at += head + length
    return data[:data.index(b'DICM') + 4] + bytes(out)


def write_odd(folder):
    plain = written(instance(), ExplicitVRLittleEndian)
    at = plain.index(b'\x20\0\x11\0IS')  # Series Number
    pixels = struct.pack('<HH2s2xI', 0x7FE0, 0x10, b'OW', 4) + b'\0\0\0\0'
    files = {
        'plain': plain,
        'implicit': written(instance(), ImplicitVRLittleEndian),
        'big': written(instance(), ExplicitVRBigEndian),
        'deflated': written(instance(), pydicom.uid.DeflatedExplicitVRLittleEndian),
        'unknown': as_unknown(plain),
        'delimiter': plain[:at] + struct.pack('<HHI', 0xFFFE, 0xE0DD, 0) + plain[at:],
        'item': plain[:at] + struct.pack('<HHI', 0xFFFE, 0xE000, 0) + plain[at:],
        'misplaced': plain[:at] + struct.pack('<HH2sH', 0x7FE1, 0x10, b'LO', 2) + b'X ' + plain[at:],
        'pixels in the middle': plain[:at] + pixels + plain[at:],
        'pixels at the end': plain + pixels,
        'zeros behind': plain + b'\0' * 64,
        'group length': plain[:at] + struct.pack('<HH2sHI', 0x20, 0, b'UL', 4, 99) + plain[at:],
        'cut': plain[:-3],
        'latin2': written(instance(SpecificCharacterSet='ISO_IR 101', StudyDescription='Cz\u0119\u015b\u0107'),
                          ExplicitVRLittleEndian),
        'utf-8': written(instance(SpecificCharacterSet='ISO_IR 192', StudyDescription='\u5c71\u7530'),
                         ExplicitVRLittleEndian),
        'japanese': written(instance(SpecificCharacterSet=['', 'ISO 2022 IR 87'], StudyDescription='A\u5c71\u7530'),
                            ExplicitVRLittleEndian),
        'gb18030': written(instance(SpecificCharacterSet='GB18030', StudyDescription='\u738b\u5c0f\u4e1c'),
                           ExplicitVRLittleEndian),
        'empty': written(instance(StudyDescription='', ImageType=None, SeriesNumber=None), ImplicitVRLittleEndian),
    }
    for name, data in files.items():
        with open(os.path.join(folder, name.replace(' ', '-') + '.dcm'), 'wb') as file:
            file.write(data)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    felucca, folders = sys.argv[1], sys.argv[2:]
    with tempfile.TemporaryDirectory() as odd:
        if not folders:
            write_odd(odd)
            for name, data, _ in odd_files.sets():
                with open(os.path.join(odd, name.replace(' ', '_') + '.dcm'), 'wb') as file:
                    file.write(data)
            folders = [odd, os.path.join(os.path.dirname(pydicom.__file__), 'data')]
        tally, wrong, files = {}, 0, 0
        for folder in folders:
            for root, _, names in sorted(os.walk(folder)):
                for name in sorted(names):
                    if not name.endswith(('.py', '.pyc', '.txt', '.json', '.dump', '.gz')):
                        wrong += compare(felucca, os.path.join(root, name), tally)
                        files += 1
    print('%d files: %s' % (files, ', '.join('%s %d' % item for item in sorted(tally.items()))))
    sys.exit(wrong > 0 or tally.get('asked', 0) < 1000)


main()
