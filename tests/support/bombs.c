#include "tests/support/bombs.h"

#include "tests/support/require.h"

#include <string.h>
#include <zlib.h>

#define EXPLICIT "1.2.840.10008.1.2.1"
#define DEFLATED "1.2.840.10008.1.2.1.99"

enum { NESTING = 100000, ITEMS = 2000000, ELEMENTS = 2000000, ZEROS = 256 << 20, BLOCK = 1 << 20 };

#define ADD(out, bytes) text_append_bytes(out, bytes, sizeof(bytes) - 1)

static void add_nesting(const struct dicom_spec *spec, struct text *out)
{
    dicom_append_head(spec, out);
    for (int i = 0; i < NESTING; i++) {
        ADD(out, "\x88\x00\x00\x02SQ\0\0\xFF\xFF\xFF\xFF");
        ADD(out, "\xFE\xFF\x00\xE0\xFF\xFF\xFF\xFF");
    }
}

static void add_items(const struct dicom_spec *spec, struct text *out)
{
    dicom_append_head(spec, out);
    ADD(out, "\x88\x00\x00\x02SQ\0\0\xFF\xFF\xFF\xFF");
    for (int i = 0; i < ITEMS; i++)
        ADD(out, "\xFE\xFF\x00\xE0\0\0\0\0");
    ADD(out, "\xFE\xFF\xDD\xE0\0\0\0\0");
}

static void add_elements(const struct dicom_spec *spec, struct text *out)
{
    dicom_append_head(spec, out);
    for (int i = 0; i < ELEMENTS; i++)
        ADD(out, "\x91\x00\x01\x10LO\0\0");
}

/* Deflates head, then so many zeros, behind head with the prefix. */
static void add_deflated(const struct dicom_spec *spec, const char *prefix, size_t length, size_t zeros,
                         struct text *out)
{
    struct text plain = TEXT_EMPTY;
    z_stream stream = {.zalloc = NULL};
    static unsigned char nothing[BLOCK], output[BLOCK];
    dicom_append_head(spec, &plain);
    text_append_bytes(&plain, prefix, length);
    require(deflateInit2(&stream, 1, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK, "no zlib");
    stream.next_in = (unsigned char *)plain.bytes;
    stream.avail_in = (uInt)plain.length;
    for (size_t done = 0;;) {
        bool last = done >= zeros;
        stream.next_out = output;
        stream.avail_out = sizeof output;
        int result = deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
        text_append_bytes(out, output, sizeof output - stream.avail_out);
        if (result == Z_STREAM_END)
            break;
        if (stream.avail_in == 0 && !last) {
            stream.next_in = nothing;
            stream.avail_in = sizeof nothing;
            done += sizeof nothing;
        }
    }
    (void)deflateEnd(&stream);
    text_release(&plain);
}

/* One value that inflates to a quarter of a GiB. */
static void add_zeros(const struct dicom_spec *spec, struct text *out)
{
    static const char value[] = "\x91\x00\x01\x10OB\0\0\0\0\0\x10";
    add_deflated(spec, value, sizeof value - 1, ZEROS, out);
}

/* Empty elements with the tag (0000,0000), for ever. */
static void add_zero_elements(const struct dicom_spec *spec, struct text *out)
{
    add_deflated(spec, "", 0, ZEROS / 8, out);
}

const struct bomb bombs[] = {
    {"nested 100,000 times", EXPLICIT, add_nesting},
    {"2,000,000 items", EXPLICIT, add_items},
    {"2,000,000 elements", EXPLICIT, add_elements},
    {"a deflated value of 256 MiB", DEFLATED, add_zeros},
    {"deflated zeros as elements", DEFLATED, add_zero_elements},
};
const size_t bomb_count = sizeof bombs / sizeof *bombs;
