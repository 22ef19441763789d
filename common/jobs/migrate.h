/* migrate - brings a database to the present schema: a new one from schema.sql, an older one by the
 * numbered migrations. migrations/README.md tells how to add one. */
#ifndef FELUCCA_JOBS_MIGRATE_H
#define FELUCCA_JOBS_MIGRATE_H

#include "common/jobs/jobdb.h"

#include <stdint.h>

struct jobdb_migration {
    int version; /* that it leads to */
    const char *name, *sql;
};

/* The number of the last migration. */
int jobdb_schema_version(void);

/* Brings the database from its version (0: it is empty) to the present one, whole or not at all. An error is
 * the connection's, with a sentence. Foreign keys must not be enforced yet. */
void jobdb_migrate(struct jobdb *db, int64_t version);

/* The same by these migrations, in this order, to a schema of these statements: for tests. The last
 * migration's name is NULL. */
void jobdb_migrate_by(struct jobdb *db, int64_t version, const struct jobdb_migration *migrations,
                      const char *schema);

#endif
