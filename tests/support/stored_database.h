/* stored_database - a job database of schema version 1 (jobs-1.sql), as an old router left it behind, and the
 * spool that belongs to it.
 *
 * It has rows in every table and jobs in every state. Its destinations and albums are those of a rig, and a
 * destination "past" and an album "former" that no configuration names. */
#ifndef FELUCCA_TESTS_STORED_DATABASE_H
#define FELUCCA_TESTS_STORED_DATABASE_H

/* What there is in it, and what of it a router that has the rig's configuration can finish. */
enum {
    STORED_SENT = 7,        /* deliveries that are sent already */
    STORED_DELIVERABLE = 9, /* queued or sending, to main and other */
    STORED_UNDER_WAY = 2,   /* of them: sending, in one work */
    STORED_SHARED = 1,
    STORED_SHAREABLE = 6, /* shares that wait, are queued or under way, in ct and all */
    STORED_FAILED = 1     /* deliveries, and as many shares */
};

/* Makes state_dir/jobs.db of it; there must be none. */
void stored_database_make(const char *state_dir);

/* Makes the spool files that its rows speak of: of the right length, with nothing in them. */
void stored_database_make_spool(const char *state_dir);

/* One of this version: has each question for the requests of operators, as the console's journal asks it, go on for ever. */
void stored_database_make_endless(const char *state_dir);

#endif
