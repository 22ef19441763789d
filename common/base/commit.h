/* commit - which commit of the repository this program was built from. */
#ifndef FELUCCA_BASE_COMMIT_H
#define FELUCCA_BASE_COMMIT_H

/* "1a2b3c4d5e6f"; with "+changes" where files were changed since; "unknown" where it was built without the repository.
 * Borrowed for ever. */
const char *commit_name(void);

#endif
