#include "tests/support/dicom.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/memory.h"
#include "tests/support/dicom_encode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIXEL_BLOCK = 256 << 10, HEAD_ABOUT = 1200 };

#define IMPLEMENTATION_CLASS "2.25.305828488182831875890203105390285383139"

static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

void dicom_uid(char ret_uid[DICOM_UID_SIZE], uint64_t seed, unsigned series, unsigned instance)
{
    int length = snprintf(ret_uid, DICOM_UID_SIZE, "2.25.%llu", (unsigned long long)mix(seed) | 1);
    if (series)
        length += snprintf(ret_uid + length, DICOM_UID_SIZE - (size_t)length, ".%u", series);
    if (instance)
        snprintf(ret_uid + length, DICOM_UID_SIZE - (size_t)length, ".%u", instance);
}

void dicom_spec_init(struct dicom_spec *spec, uint64_t seed)
{
    *spec = (struct dicom_spec){
        .seed = seed,
        .character_set = "ISO_IR 100",
        .patient_name = "Felucca^Synthetic",
        .patient_id = "SYN-1",
        .modality = "CT",
        .study_date = "20260131",
        .study_time = "081500",
        .accession_number = "A1",
        .study_id = "1",
        .study_description = "Synthetic study",
        .series_description = "Synthetic series",
        .station_name = "FELUCCA1",
        .series_number = 1,
        .instance_number = 1,
        .rows = 64,
        .columns = 64,
        .frames = 1,
    };
    dicom_uid(spec->study_uid, seed, 0, 0);
    dicom_uid(spec->series_uid, seed, 1, 0);
    dicom_uid(spec->sop_uid, seed, 1, 1);
}

void dicom_shape(struct dicom_spec *spec, uint64_t file_bytes)
{
    enum { ROW = 1024, SLICE = 512 * ROW };
    uint64_t pixels = file_bytes > HEAD_ABOUT + 2 ? file_bytes - HEAD_ABOUT : 2;
    spec->pixel_bytes = pixels < 0xFFFFFFFEu ? pixels & ~(uint64_t)1 : 0xFFFFFFFEu;
    spec->columns = 512;
    spec->frames = spec->pixel_bytes > SLICE ? (unsigned)(spec->pixel_bytes / SLICE) : 1;
    spec->rows = spec->pixel_bytes > SLICE ? 512 : (unsigned)(spec->pixel_bytes / ROW);
    if (spec->rows == 0)
        spec->rows = 1;
}

static const struct modality {
    const char *name, *sop_class;
} modalities[] = {
    {"CT", "1.2.840.10008.5.1.4.1.1.2"},     {"MR", "1.2.840.10008.5.1.4.1.1.4"},
    {"US", "1.2.840.10008.5.1.4.1.1.3.1"},                                      /* multi-frame */
    {"SR", "1.2.840.10008.5.1.4.1.1.88.11"}, {"", "1.2.840.10008.5.1.4.1.1.7"}, /* secondary capture */
};

const char *dicom_sop_class(const struct dicom_spec *spec)
{
    const struct modality *m = modalities;
    if (spec->sop_class)
        return spec->sop_class;
    while (*m->name && strcmp(m->name, spec->modality ? spec->modality : "") != 0)
        m++;
    return m->sop_class;
}

const char *dicom_transfer_syntax(const struct dicom_spec *spec)
{
    static const char *const syntaxes[] = {
        [DICOM_EXPLICIT_LE] = "1.2.840.10008.1.2.1",
        [DICOM_IMPLICIT_LE] = "1.2.840.10008.1.2",
        [DICOM_EXPLICIT_BE] = "1.2.840.10008.1.2.2",
    };
    return spec->transfer_syntax ? spec->transfer_syntax : syntaxes[spec->coding];
}

static uint64_t pixel_bytes(const struct dicom_spec *spec)
{
    return spec->pixel_bytes ? spec->pixel_bytes : (uint64_t)spec->rows * spec->columns * spec->frames * 2;
}

static void add_file_meta(const struct dicom_spec *spec, struct text *out)
{
    AUTO(text_release) struct text meta = TEXT_EMPTY;
    const struct dicom_element elements[] = {
        {0x0002, 0x0001, "OB", "\0\1", 2, NULL, 0},
        {0x0002, 0x0002, "UI", dicom_sop_class(spec), 0, NULL, 0},
        {0x0002, 0x0003, "UI", spec->sop_uid, 0, NULL, 0},
        {0x0002, 0x0010, "UI", dicom_transfer_syntax(spec), 0, NULL, 0},
        {0x0002, 0x0012, "UI", IMPLEMENTATION_CLASS, 0, NULL, 0},
        {0x0002, 0x0013, "SH", "FELUCCA_TEST", 0, NULL, 0},
    };
    for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
        dicom_encode_element(&elements[i], DICOM_EXPLICIT_LE, &meta);
    unsigned char length[4] = {(unsigned char)meta.length, (unsigned char)(meta.length >> 8), 0, 0};
    const struct dicom_element group_length = {0x0002, 0x0000, "UL", length, sizeof length, NULL, 0};
    static const char preamble[128];
    text_append_bytes(out, preamble, sizeof preamble);
    text_append(out, "DICM");
    dicom_encode_element(&group_length, DICOM_EXPLICIT_LE, out);
    text_append_bytes(out, meta.bytes, meta.length);
}

static int write_all(int fd, const void *bytes, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t n = write(fd, (const char *)bytes + done, length - done);
        if (n < 0)
            return err_from_errno(errno);
        done += (size_t)n;
    }
    return 0;
}

/* Pixels that no compression makes small and no two instances share: one random block, numbered. */
static int write_pixels(int fd, uint64_t seed, uint64_t length)
{
    AUTO(memory_free) uint64_t *block = memory_new(1, PIXEL_BLOCK);
    for (size_t i = 0; i < PIXEL_BLOCK / sizeof *block; i++)
        block[i] = mix(seed + i);
    int error = 0;
    for (uint64_t done = 0; done < length && !error; done += PIXEL_BLOCK) {
        block[0] = mix(seed ^ done);
        error = write_all(fd, block, (size_t)(length - done < PIXEL_BLOCK ? length - done : PIXEL_BLOCK));
    }
    return error;
}

int dicom_write(const struct dicom_spec *spec, const char *path)
{
    AUTO(text_release) struct text head = TEXT_EMPTY;
    add_file_meta(spec, &head);
    dicom_append_head(spec, &head);
    uint64_t length = pixel_bytes(spec);
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_from_errno(errno);
    if (length)
        dicom_encode_pixel_header(spec->coding, spec->encapsulated, length, &head);
    int error = write_all(fd, head.bytes, head.length);
    if (!error && length)
        error = write_pixels(fd, spec->seed, length);
    if (!error && length && spec->encapsulated)
        error = write_all(fd, "\xFE\xFF\xDD\xE0\0\0\0\0", 8);
    return error;
}

int dicom_write_study(const struct dicom_spec *base, uint64_t seed, unsigned series_count,
                      unsigned instance_count, const char *folder,
                      void (*vary)(void *context, struct dicom_spec *spec, unsigned series,
                                   unsigned instance),
                      void *context)
{
    int error = 0;
    for (unsigned series = 1; series <= series_count && !error; series++) {
        for (unsigned instance = 1; instance <= instance_count && !error; instance++) {
            struct dicom_spec spec = *base;
            dicom_uid(spec.study_uid, seed, 0, 0);
            dicom_uid(spec.series_uid, seed, series, 0);
            dicom_uid(spec.sop_uid, seed, series, instance);
            spec.seed = mix(seed) + series * 1000003u + instance;
            spec.series_number = (int)series;
            spec.instance_number = (int)instance;
            if (vary)
                vary(context, &spec, series, instance);
            AUTO(text_release) struct text path = TEXT_EMPTY;
            text_format(&path, "%s/S%u-I%05u.dcm", folder, series, instance);
            error = dicom_write(&spec, text_string(&path));
        }
    }
    return error;
}
