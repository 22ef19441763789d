/* sandbox - a fresh temporary folder for one test.
 *
 * It is below $TMPDIR, or /tmp, and goes away with sandbox_destroy(), or when the test's process
 * ends in whatever way (a small guardian process waits for that). With FELUCCA_KEEP=1 in the environment
 * it stays, and its path is printed. See files.h for what can be done in it, deadline.h for waiting,
 * port.h for ports. */
#ifndef FELUCCA_TESTS_SANDBOX_H
#define FELUCCA_TESTS_SANDBOX_H

struct sandbox;

struct sandbox *sandbox_create(void);
void sandbox_destroy(struct sandbox **sandbox);

/* The folder's absolute path; borrowed until sandbox_destroy(). */
const char *sandbox_folder(const struct sandbox *sandbox);

/* The path of a name in it; borrowed until sandbox_destroy(). Makes nothing. */
const char *sandbox_path(struct sandbox *sandbox, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same, and the folder of that name is made. */
const char *sandbox_make_folder(struct sandbox *sandbox, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes a text file in it; returns its path, borrowed until sandbox_destroy(). */
const char *sandbox_write(struct sandbox *sandbox, const char *name, const char *content);

#endif
