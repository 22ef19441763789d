/* log - one line per event: message first, then key=value fields.
 *
 *     log_info("batch answered", LOG_S("destination", name), LOG_I("instances", n), LOG_I("ms", elapsed));
 *
 * goes to stderr in one write, as
 *     2026-01-31T08:15:00.123Z info sender[123] batch answered destination=kheops-main instances=50 ms=412
 * or as one JSON object. A value with spaces, quotes or control characters is quoted and escaped, and what is
 * no UTF-8 becomes U+FFFD, so that what a peer sent can neither break a line nor a terminal. Never pass
 * patient data or a token. Keys are not those that every JSON line has: time, level, process, pid, cell, message.
 *
 * Only processes log: common/ logs at debug, except the two skeletons of processes, common/service and
 * common/worker/process.h. Library functions return errors. The level and format are the one piece of global
 * state that the house allows. */
#ifndef FELUCCA_BASE_LOG_H
#define FELUCCA_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_TEXT, LOG_JSON };

struct log_field {
    const char *key; /* NULL ends a list */
    const char *string;
    int64_t number; /* used when string is NULL */
};

#define LOG_S(key, value) ((struct log_field){(key), (value) ? (value) : "", 0})
#define LOG_I(key, value) ((struct log_field){(key), 0, (int64_t)(value)})

/* Once at start; process is borrowed for ever ("router"). */
void log_setup(const char *process, enum log_level level, enum log_format format);
/* Each line of JSON then has it ("cell"), cut to 64 bytes; copied. */
void log_set_cell(const char *cell);
void log_set_level(enum log_level level);
enum log_level log_current_level(void);
enum log_format log_current_format(void);
bool log_level_parse(const char *name, enum log_level *ret_level);
const char *log_level_name(enum log_level level);

/* fields ends with a NULL key. Async-signal-unsafe; safe from several threads. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

#define LOG_AT(level, message, ...)                                                                  \
    do {                                                                                             \
        const enum log_level log_at = (level);                                                       \
        if (log_at <= log_current_level())                                                           \
            log_write(log_at, (message), (struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){0, 0, 0}}); \
    } while (0)

#define log_error(message, ...)   LOG_AT(LOG_ERROR, message __VA_OPT__(, ) __VA_ARGS__)
#define log_warning(message, ...) LOG_AT(LOG_WARNING, message __VA_OPT__(, ) __VA_ARGS__)
#define log_info(message, ...)    LOG_AT(LOG_INFO, message __VA_OPT__(, ) __VA_ARGS__)
#define log_debug(message, ...)   LOG_AT(LOG_DEBUG, message __VA_OPT__(, ) __VA_ARGS__)

#endif
