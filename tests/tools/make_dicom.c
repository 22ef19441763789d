/* make-dicom - writes synthetic DICOM studies for the demo, the benchmarks and for trying things out.
 *
 *     make-dicom --out DIR --studies 2 --series 3 --instances 100 --modality CT --size 529K
 *     make-dicom --out DIR --demo
 *
 * The files are in DIR/study-<n>/. --demo writes a small mixed set: CT, MR, multi-frame US, SR; several
 * series; names in three character sets. */
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/text.h"
#include "tests/support/dicom.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct wish {
    const char *out;
    unsigned studies, series, instances;
    uint64_t size, seed;
    bool demo;
    struct dicom_spec base;
};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "make-dicom: %s: %s\n", what, why);
    return EXIT_FAILURE;
}

static int make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : err_from_errno(errno);
}

/* "529K", "1G", "100": whether it is a size. */
static bool parse_size(const char *word, uint64_t *ret_size)
{
    static const char units[] = "KMG";
    char *end;
    errno = 0;
    *ret_size = strtoull(word, &end, 10);
    const char *unit = *end ? strchr(units, *end) : NULL;
    if (unit)
        *ret_size <<= 10 * (unit - units + 1);
    return errno == 0 && end != word && (unit ? end[1] : end[0]) == '\0';
}

/* ---- the demo's studies ---- */

#define CONCEPT(code, meaning)                                                    \
    {                                                                             \
        (const struct dicom_element[]){{0x0008, 0x0100, "SH", code, 0, 0, 0},     \
                                       {0x0008, 0x0102, "SH", "DCM", 0, 0, 0},    \
                                       {0x0008, 0x0104, "LO", meaning, 0, 0, 0}}, \
            3                                                                     \
    }

static const struct dicom_item report_title[] = {CONCEPT("121071", "Finding")};
static const struct dicom_element report_text[] = {
    {0x0040, 0xA010, "CS", "CONTAINS", 0, NULL, 0},
    {0x0040, 0xA040, "CS", "TEXT", 0, NULL, 0},
    {0x0040, 0xA043, "SQ", NULL, 0, report_title, 1},
    {0x0040, 0xA160, "UT", "A synthetic report about a synthetic patient.", 0, NULL, 0},
};
static const struct dicom_item report_items[] = {{report_text, 4}};
static const struct dicom_item document_title[] = {CONCEPT("18748-4", "Diagnostic Imaging Report")};
static const struct dicom_element report[] = {
    {0x0040, 0xA040, "CS", "CONTAINER", 0, NULL, 0},  {0x0040, 0xA043, "SQ", NULL, 0, document_title, 1},
    {0x0040, 0xA050, "CS", "SEPARATE", 0, NULL, 0},   {0x0040, 0xA491, "CS", "COMPLETE", 0, NULL, 0},
    {0x0040, 0xA493, "CS", "UNVERIFIED", 0, NULL, 0}, {0x0040, 0xA730, "SQ", NULL, 0, report_items, 1},
};

static const struct demo_study {
    const char *modality, *character_set, *name, *id, *description, *body_part, *station;
    const char *series[4];
    unsigned instances;
    uint64_t size;
} demo_studies[] = {
    {"CT",
     "ISO_IR 100",
     "M\374ller^J\366rg",
     "DEMO-1",
     "Sch\344del und Thorax",
     "CHEST",
     "CT01",
     {"Scout", "Thorax 1.0", "Lunge 1.0"},
     12,
     529 << 10},
    {"MR",
     "ISO_IR 192",
     "\316\240\316\273\316\277\316\257\316\277^\316\211\316\273\316\271\316\277\317\202",
     "DEMO-2",
     "MR Brain",
     "BRAIN",
     "MR01",
     {"T1", "T2 FLAIR", "DWI"},
     10,
     256 << 10},
    {"US",
     "\\ISO 2022 IR 87",
     "Fune^Hobune=\033$BA%\033(B^\033$BHAA%\033(B=\033$B$U$M\033(B^\033$B$[$V$M\033(B",
     "DEMO-3",
     "Echocardiography",
     "HEART",
     "US01",
     {"Cine loop"},
     2,
     6 << 20},
    {"SR",
     "ISO_IR 192",
     "\316\240\316\273\316\277\316\257\316\277^\316\211\316\273\316\271\316\277\317\202",
     "DEMO-2",
     "MR Brain",
     "BRAIN",
     "MR01",
     {"Report"},
     1,
     0},
};

enum { DEMO_STUDIES = sizeof demo_studies / sizeof *demo_studies };

static void vary_demo(void *context, struct dicom_spec *spec, unsigned series, unsigned instance)
{
    const struct demo_study *study = context;
    (void)instance;
    spec->series_description = study->series[series - 1];
}

static int write_demo_study(const struct demo_study *study, uint64_t seed, const char *folder)
{
    struct dicom_spec spec;
    dicom_spec_init(&spec, seed);
    spec.modality = study->modality;
    spec.character_set = study->character_set;
    spec.patient_name = study->name;
    spec.patient_id = study->id;
    spec.study_description = study->description;
    spec.body_part = study->body_part;
    spec.station_name = study->station;
    spec.rows = spec.columns = spec.frames = 0;
    if (study->size) {
        dicom_shape(&spec, study->size);
    } else {
        spec.extra = report;
        spec.extra_count = sizeof report / sizeof *report;
    }
    unsigned series = 0;
    while (series < sizeof study->series / sizeof *study->series && study->series[series])
        series++;
    union {
        const struct demo_study *from;
        void *to;
    } context = {study};
    return dicom_write_study(&spec, seed, series, study->instances, folder, vary_demo, context.to);
}

/* ---- the wish ---- */

static int write_study(const struct wish *wish, unsigned number, const char *folder)
{
    uint64_t seed = wish->seed + number;
    if (wish->demo)
        return write_demo_study(&demo_studies[number], seed, folder);
    struct dicom_spec base = wish->base;
    AUTO(text_release) struct text id = TEXT_EMPTY;
    text_format(&id, "SYN-%u", number + 1);
    base.patient_id = text_string(&id);
    return dicom_write_study(&base, seed, wish->series, wish->instances, folder, NULL, NULL);
}

static int write_all(const struct wish *wish)
{
    int error = make_folder(wish->out);
    for (unsigned i = 0; i < wish->studies && !error; i++) {
        AUTO(text_release) struct text folder = TEXT_EMPTY;
        text_format(&folder, "%s/study-%04u", wish->out, i + 1);
        error = make_folder(text_string(&folder));
        if (!error)
            error = write_study(wish, i, text_string(&folder));
    }
    return error ? fail(wish->out, err_text(error)) : EXIT_SUCCESS;
}

static const struct option options[] = {
    {"out", required_argument, NULL, 'o'},
    {"studies", required_argument, NULL, 'n'},
    {"series", required_argument, NULL, 's'},
    {"instances", required_argument, NULL, 'i'},
    {"modality", required_argument, NULL, 'm'},
    {"size", required_argument, NULL, 'b'},
    {"seed", required_argument, NULL, 'r'},
    {"syntax", required_argument, NULL, 'x'},
    {"name", required_argument, NULL, 'p'},
    {"character-set", required_argument, NULL, 'c'},
    {"study-description", required_argument, NULL, 'd'},
    {"series-description", required_argument, NULL, 'e'},
    {"demo", no_argument, NULL, 'D'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool parse_count(const char *word, unsigned *ret_count)
{
    char *end;
    unsigned long value = strtoul(word, &end, 10);
    *ret_count = (unsigned)value;
    return end != word && *end == '\0' && value > 0 && value <= 1000000;
}

static bool parse_coding(const char *word, enum dicom_coding *ret_coding)
{
    static const char *const names[] = {"explicit", "implicit", "big"};
    for (int i = 0; i < 3; i++)
        if (strcmp(word, names[i]) == 0) {
            *ret_coding = (enum dicom_coding)i;
            return true;
        }
    return false;
}

/* Whether the option was understood. */
static bool take_option(struct wish *wish, int option, const char *value)
{
    const char **words[128] = {['o'] = &wish->out,
                               ['m'] = &wish->base.modality,
                               ['p'] = &wish->base.patient_name,
                               ['c'] = &wish->base.character_set,
                               ['d'] = &wish->base.study_description,
                               ['e'] = &wish->base.series_description};
    unsigned *counts[128] = {['n'] = &wish->studies, ['s'] = &wish->series, ['i'] = &wish->instances};
    if (option < 0 || option > 127)
        return false;
    if (words[option]) {
        *words[option] = value;
        return true;
    }
    if (counts[option])
        return parse_count(value, counts[option]);
    if (option == 'b')
        return parse_size(value, &wish->size);
    if (option == 'r')
        return parse_size(value, &wish->seed);
    if (option == 'x')
        return parse_coding(value, &wish->base.coding);
    wish->demo = option == 'D';
    return wish->demo;
}

static void print_usage(FILE *out)
{
    fputs(
        "Usage: make-dicom --out DIR [--studies N] [--series N] [--instances N] [--modality CT|MR|US|SR|…]\n"
        "                  [--size 529K] [--seed N] [--syntax explicit|implicit|big] [--name NAME]\n"
        "                  [--character-set TERM] [--study-description TEXT] [--series-description TEXT]\n"
        "       make-dicom --out DIR --demo\n",
        out);
}

int main(int argc, char **argv)
{
    struct wish wish = {.studies = 1, .series = 1, .instances = 1, .size = 529 << 10, .seed = 1};
    dicom_spec_init(&wish.base, 0);
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == 'h') {
            print_usage(stdout);
            return EXIT_SUCCESS;
        }
        if (!take_option(&wish, option, optarg)) {
            print_usage(stderr);
            return 2;
        }
    }
    if (!wish.out || optind != argc) {
        print_usage(stderr);
        return 2;
    }
    if (wish.demo)
        wish.studies = DEMO_STUDIES;
    dicom_shape(&wish.base, wish.size);
    return write_all(&wish);
}
