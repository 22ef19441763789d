#include "cli/status_check.h"

#include "cli/columns.h"
#include "cli/database.h"
#include "cli/table.h"
#include "common/base/cleanup.h"
#include "common/base/json.h"
#include "common/service/service.h"
#include "common/view/causes.h"
#include "common/view/surroundings.h"

#include <stdio.h>

struct printing {
    struct text out;
    size_t count;
    bool json;
};

static void printing_release(struct printing *printing)
{
    text_release(&printing->out);
}

static void print_cause(void *context, const struct causes_one *cause)
{
    struct printing *printing = context;
    printing->count++;
    if (printing->json) {
        json_append_line(json_pack("{s:s, s:o, s:s}", "cause", causes_name(cause->kind), "sentence",
                                   json_from_text(cause->sentence), "next", cause->next),
                         &printing->out);
        return;
    }
    table_wrap(&printing->out, cause->sentence, 0, columns_line());
    text_format(&printing->out, "    %s\n", cause->next);
}

int status_check(const struct config *config, bool json)
{
    AUTO(jobdb_destroy) struct jobdb *db = NULL;
    AUTO(printing_release) struct printing printing = {.json = json};
    AUTO(surroundings_release) struct surroundings around = {0};
    surroundings_look(config, &around); /* before the database is open */
    int code = database_open_in(config, &db);
    if (code != EXIT_OK)
        return code;
    (void)causes_each(config, &around, db, print_cause, &printing);
    if (database_failed(db))
        return EXIT_NO;
    if (printing.count == 0 && !json)
        text_append(&printing.out, "nothing needs a person\n");
    (void)fputs(text_string(&printing.out), stdout);
    return printing.count == 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}
