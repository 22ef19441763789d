#include "cli/database.h"

#include "cli/configuration.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/service/service.h"

#include <stdio.h>

int database_open_in(const struct config *config, struct jobdb **ret_db)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = jobdb_open_reader(config->state_dir, ret_db, &reason);
    if (code == 0)
        return EXIT_OK;
    (void)fprintf(stderr, "felucca: %s%s\n", text_string(&reason),
                  code == ERR_ABSENT ? " (the router makes it when it first runs)" : "");
    return EXIT_NO;
}

bool database_failed(struct jobdb *db)
{
    if (!*jobdb_error(db))
        return false;
    (void)fprintf(stderr, "felucca: cannot read the job database: %s\n", jobdb_error(db));
    return true;
}

int database_open(const struct cli *cli, struct config **ret_config, struct jobdb **ret_db)
{
    AUTO(config_destroy) struct config *config = NULL;
    int status = configuration_load(cli, &config);
    if (status == EXIT_OK)
        status = database_open_in(config, ret_db);
    if (status != EXIT_OK)
        return status;
    *ret_config = config;
    config = NULL;
    return EXIT_OK;
}
