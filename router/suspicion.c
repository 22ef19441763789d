#include "router/suspicion.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
#include "common/jobs/outcome.h"
#include "common/spool/spool.h"
#include "router/reread.h"
#include "router/shared.h"

/* How many characters of each KHEOPS's database bears. */
static const struct width {
    uint32_t tag;
    size_t most;
} widths[] = {{0x00081030, 155}, {0x00180015, 32},  {0x00100010, 4095}, {0x00080090, 4095}, {0x00080050, 255},
              {0x00080020, 255}, {0x00080030, 255}, {0x00080201, 255},  {0x00100020, 255},  {0x00100030, 255},
              {0x00100040, 255}, {0x00200010, 255}, {0x00080060, 255},  {0x0008103e, 255}};

enum { WIDTHS = sizeof widths / sizeof *widths };

static const int64_t most_bytes = (int64_t)2 << 30;

static void append_width(const struct reading *reading, const struct width *width, struct text *out)
{
    const struct condition_path path = {.tags = {width->tag}, .depth = 1};
    const struct condition_dictionary *dictionary = dictionary_for_conditions();
    size_t count = reading_width(reading, &path);
    if (count > width->most)
        text_format(out, "; its %s has %zu characters, KHEOPS bears %zu",
                    dictionary->keyword_of(dictionary->context, width->tag), count, width->most);
}

static void append_widths(struct router *router, const struct jobdb_item *item, struct text *out)
{
    AUTO(readers_answer_release) struct readers_answer answer = {.code = 0};
    enum spool_place place;
    if (spool_find(router->spool, item->receipt, &place) != 0)
        return;
    int code = reread(router, item->receipt, place, &answer);
    if (code == ERR_AGAIN) /* the readers are too busy to answer at once: it is not told */
        readers_forget(router->readers, READERS_CHANGE, item->receipt);
    if (code != 0 || answer.code != 0)
        return;
    for (size_t i = 0; i < WIDTHS; i++)
        append_width(answer.reading, &widths[i], out);
}

void suspicion_ask(struct questions *questions)
{
    for (size_t i = 0; i < WIDTHS; i++) {
        const struct condition_path path = {.tags = {widths[i].tag}, .depth = 1};
        questions_add_width(questions, &path);
    }
}

void suspicion_append(struct router *router, const struct jobdb_batch *batch, const struct jobdb_item *item,
                      struct text *out)
{
    append_widths(router, item, out);
    if (jobdb_series_is_elsewhere(router->db, item->series_id, batch->destination_id))
        text_append(out, "; its series UID was sent there in another study, too, which KHEOPS does not bear");
    if (item->size > most_bytes)
        text_append(out, "; it is larger than 2 GiB, KHEOPS bears no larger pixel data");
}
