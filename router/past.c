#include "router/past.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/jobs/intake.h"
#include "common/spool/spool.h"
#include "router/reread.h"
#include "router/shared.h"

bool past_find_file(struct router *router, const struct jobdb_past *row, enum spool_place *ret_place)
{
    AUTO(fd_close) int fd = -1;
    if (row->gone)
        return false;
    *ret_place = row->place;
    if (row->place == SPOOL_QUEUE)
        return spool_find(router->spool, row->receipt, ret_place) == 0;
    return spool_open_file(router->spool, row->place, row->receipt, &fd) == 0;
}

/* What condemns it does no harm to its jobs, and nobody asks it again. */
static void note_condemned(struct router *router, const struct jobdb_past *row,
                           const struct readers_answer *answer)
{
    log_error("a header cannot be read any more", LOG_S("receipt", row->receipt),
              LOG_S("because", text_string(&answer->reason)));
    jobdb_poison(router->db, row->receipt, text_string(&answer->reason));
}

/* 0, also where there is none that can be read; ERR_AGAIN. */
static int read_header(struct router *router, const struct jobdb_past *row, struct past *past)
{
    enum spool_place place;
    if (row->poison)
        return 0;
    int code = past_find_file(router, row, &place)
                   ? reread(router, row->receipt, place, &past->answer)
                   : reread_kept(router, row->study, row->receipt, &past->answer);
    if (code == ERR_AGAIN)
        return ERR_AGAIN;
    if (past->answer.is_condemned)
        note_condemned(router, row, &past->answer);
    return 0;
}

int past_open(struct router *router, const struct jobdb_past *row, struct past *ret_past)
{
    *ret_past = (struct past){.facts = NULL};
    int code = read_header(router, row, ret_past);
    ret_past->transfer = (struct header_transfer){row->calling_aet, row->called_aet, row->source_address,
                                                  row->transfer_syntax};
    ret_past->recorded = (struct recorded){.study = row->study,
                                           .series = row->series,
                                           .sop_instance = row->sop_instance,
                                           .sop_class = row->sop_class,
                                           .transfer_syntax = row->transfer_syntax,
                                           .calling_aet = row->calling_aet,
                                           .called_aet = row->called_aet,
                                           .source_address = row->source_address};
    ret_past->of_row = recorded_facts(&ret_past->recorded);
    ret_past->facts = past_has_header(ret_past) ? reading_facts(ret_past->answer.reading, &ret_past->transfer)
                                                : &ret_past->of_row;
    return code;
}

bool past_has_header(const struct past *past)
{
    return past->answer.reading != NULL;
}

void past_close(struct past *past)
{
    readers_answer_release(&past->answer);
}
