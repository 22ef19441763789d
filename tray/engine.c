#include "tray/engine.h"

#include "common/base/err.h"

int engine_open(struct engine *engine, const struct config *config, const struct config_tray *order,
                struct text *ret_reason)
{
    struct instance_desk *desk = &engine->desk;
    if (engine->is_open)
        return 0;
    int rc = desk->spool ? 0 : spool_create(config->state_dir, &desk->spool);
    if (rc < 0) {
        text_format(ret_reason, "%s cannot be written: %s", config->state_dir, err_text(rc));
        return rc;
    }
    (void)spool_sweep_partial(desk->spool, NULL); /* what one that was killed had begun */
    if ((rc = ledger_open(config->state_dir, order->name, &desk->ledger, ret_reason)) < 0)
        return rc;
    desk->node = config_find_node(config, order->node);
    desk->source = order->name;
    desk->whole_only = true;
    desk->deposit = deposit_create(desk->spool, config->receiver.min_free_space);
    desk->digest = sha256_stream_create();
    engine->is_open = true;
    return 0;
}

void engine_close(struct engine *engine)
{
    struct instance_desk *desk = &engine->desk;
    engine_end(engine);
    deposit_destroy(&desk->deposit);
    ledger_close(&desk->ledger);
    spool_destroy(&desk->spool);
    sha256_stream_destroy(&desk->digest);
    engine->is_open = false;
}

int engine_begin(struct engine *engine, const struct config *config, struct text *ret_reason)
{
    if (engine->desk.db)
        return 0;
    int rc = jobdb_open_reader(config->state_dir, &engine->desk.db, ret_reason);
    if (rc != ERR_ABSENT)
        return rc;
    text_clear(ret_reason); /* no router has run: nothing has a history */
    return 0;
}

void engine_end(struct engine *engine)
{
    jobdb_destroy(&engine->desk.db);
    if (engine->desk.ledger)
        (void)ledger_shorten(engine->desk.ledger, ENGINE_LEDGER_MOST);
}
