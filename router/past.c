#include "router/past.h"

#include "common/base/cleanup.h"
#include "common/spool/spool.h"
#include "router/intake.h"
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

/* False: there is none that can be read. */
static bool read_header(struct router *router, const struct jobdb_past *row, struct past *past)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const struct header_transfer transfer = {row->calling_aet, row->called_aet, row->source_address,
                                             row->transfer_syntax};
    enum spool_place place;
    if (row->poison || !past_find_file(router, row, &place) ||
        intake_parse(router, row->receipt, place, &transfer, &past->header, &reason) != 0)
        return false;
    past->facts = header_facts(past->header);
    return true;
}

void past_open(struct router *router, const struct jobdb_past *row, struct past *ret_past)
{
    *ret_past = (struct past){.header = NULL};
    if (read_header(router, row, ret_past))
        return;
    ret_past->recorded = (struct recorded){.study = row->study,
                                           .series = row->series,
                                           .sop_instance = row->sop_instance,
                                           .sop_class = row->sop_class,
                                           .transfer_syntax = row->transfer_syntax,
                                           .calling_aet = row->calling_aet,
                                           .called_aet = row->called_aet,
                                           .source_address = row->source_address};
    ret_past->of_row = recorded_facts(&ret_past->recorded);
    ret_past->facts = &ret_past->of_row;
}

void past_close(struct past *past)
{
    header_destroy(&past->header);
}
