#include "notifier/silence.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/log.h"
#include "common/base/memory.h"
#include "common/notify/sending.h"
#include "notifier/silence_file.h"

#include <stdlib.h>
#include <string.h>

/* A message to a target, on its way or resting. */
struct speech {
    struct silence *silence;
    char *name;
    enum silence_told says;
    int64_t about;                  /* when the silence began that it tells of */
    struct http_transfer *transfer; /* NULL: none is under way */
    bool asks;                      /* a login server */
    int64_t wait_ms, due_at;        /* monotonic */
    struct speech *next;
};

struct silence {
    char *state_dir;
    struct silence_record record;
    struct speech *speeches;
    struct notifier_gauges *gauges; /* of the last turn */
    struct sending_means means;     /* the same */
    int64_t silent_since;           /* monotonic; 0: it is heard */
};

struct silence *silence_create(const char *state_dir)
{
    struct silence *silence = memory_new(1, sizeof *silence);
    silence->state_dir = memory_string(state_dir);
    int code = silence_file_read(state_dir, &silence->record);
    if (code != 0 && code != ERR_ABSENT)
        log_warning("what was told of the router cannot be read, ignoring it",
                    LOG_S("error", err_text(code)));
    return silence;
}

void silence_destroy(struct silence **silence)
{
    if (!*silence)
        return;
    while ((*silence)->speeches) {
        struct speech *speech = (*silence)->speeches;
        (*silence)->speeches = speech->next;
        http_cancel(&speech->transfer);
        if (speech->asks)
            login_forget((*silence)->means.logins, speech);
        free(speech->name);
        free(speech);
    }
    silence_record_release(&(*silence)->record);
    free((*silence)->state_dir);
    memory_free(silence);
}

static void save(struct silence *silence)
{
    int code = silence_file_write(silence->state_dir, &silence->record);
    if (code != 0)
        log_error("what was told of the router cannot be written: a restart may tell it again",
                  LOG_S("error", err_text(code)));
}

/* ---- what is told ---- */

static struct speech *speech_to(struct silence *silence, const char *name)
{
    struct speech *speech = silence->speeches;
    while (speech && strcmp(speech->name, name) != 0)
        speech = speech->next;
    if (speech)
        return speech;
    speech = memory_new(1, sizeof *speech);
    *speech = (struct speech){.silence = silence, .name = memory_string(name), .next = silence->speeches};
    silence->speeches = speech;
    return speech;
}

static void rest(struct speech *speech, const char *reason)
{
    const struct config *config = speech->silence->means.config;
    int64_t doubled = speech->wait_ms == 0 ? config->retry.first_ms : 2 * speech->wait_ms;
    speech->wait_ms = doubled < config->retry.ceiling_ms ? doubled : config->retry.ceiling_ms;
    speech->due_at = clock_monotonic_ms() + speech->wait_ms;
    log_warning("notice not taken", LOG_S("target", speech->name), LOG_S("cause", "router"),
                LOG_S("answer", reason), LOG_I("retry_in_ms", speech->wait_ms));
}

/* The router may be silent again since: who knows the end of the silence before knows nothing of this one. */
static void note(struct silence *silence, const struct speech *speech)
{
    bool of_now = speech->about == silence->record.began_at;
    struct silence_listener *listener = silence_record_find(&silence->record, speech->name);
    listener->told = of_now || speech->says != SILENCE_ENDED ? speech->says : SILENCE_UNTOLD;
}

static void speech_answered(void *context, struct http_answer *answer)
{
    struct speech *speech = context;
    struct silence *silence = speech->silence;
    AUTO(text_release) struct text said = TEXT_EMPTY;
    bool taken = sending_taken(&silence->means, speech->name, answer, &said);
    speech->transfer = NULL;
    notifier_gauges_told(silence->gauges, speech->name, taken);
    if (!taken) {
        rest(speech, text_string(&said));
        return;
    }
    log_info("notice told", LOG_S("target", speech->name), LOG_S("cause", "router"),
             LOG_S("state", speech->says == SILENCE_BEGUN ? "begins" : "over"));
    speech->wait_ms = 0;
    note(silence, speech);
    save(silence);
}

/* It is spoken with the next turn. */
static void speech_logged_in(void *context, enum login_verdict verdict, const char *sentence)
{
    struct speech *speech = context;
    speech->asks = false;
    if (verdict != LOGIN_FINE)
        rest(speech, sentence);
}

static void speak(struct silence *silence, struct speech *speech, enum silence_told says)
{
    AUTO(text_release) struct text id = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    bool over = says == SILENCE_ENDED;
    const struct silence_record *record = &silence->record;
    text_format(&id, "router-%s-%lld", over ? "over" : "begins", (long long)record->began_at);
    const struct work_notice notice = {.id = id.bytes,
                                       .cause = (char *)occasion_word(OCCASION_ROUTER),
                                       .state = over ? WORK_NOTICE_OVER : WORK_NOTICE_BEGINS,
                                       .count = !over,
                                       .more = !over,
                                       .since = record->began_at,
                                       .at = over ? record->over_at : record->began_at};
    speech->says = says;
    speech->about = record->began_at;
    int code = sending_start(&silence->means, speech->name, &notice, speech_answered, speech,
                             &speech->transfer, &reason);
    if (code == LOGIN_WAITS) {
        speech->asks = true;
        sending_log_in(&silence->means, speech->name, speech_logged_in, speech);
    } else if (code != 0) {
        rest(speech, text_string(&reason));
    }
}

/* One message to each target that does not know yet. Whether all know all. */
static bool speak_to_all(struct silence *silence)
{
    const struct config *config = silence->means.config;
    enum silence_told goal = silence->record.over_at != 0 ? SILENCE_ENDED : SILENCE_BEGUN;
    bool done = silence->record.over_at != 0;
    for (size_t i = 0; i < config_notified(config); i++) {
        struct speech *speech = speech_to(silence, config_notified_name(config, i));
        enum silence_told told = silence_record_find(&silence->record, speech->name)->told;
        done = done && told == SILENCE_ENDED;
        if (told < goal && !speech->transfer && !speech->asks && speech->due_at <= clock_monotonic_ms())
            speak(silence, speech, told + 1);
    }
    return done;
}

/* ---- its beginning and its end ---- */

static void begin(struct silence *silence)
{
    silence->record.began_at = clock_wall_ms();
    silence->record.over_at = 0;
    /* Who was not told yet of its end before hears of one silence. */
    for (size_t i = 0; i < silence->record.count; i++)
        if (silence->record.listeners[i].told == SILENCE_ENDED)
            silence->record.listeners[i].told = SILENCE_UNTOLD;
    save(silence);
    log_error("the router is silent: telling people");
}

static bool is_due(const struct silence *silence, int64_t limit)
{
    int64_t counted = limit > WORK_SILENCE_MS ? limit - WORK_SILENCE_MS : 0;
    return silence->silent_since != 0 && clock_monotonic_ms() - silence->silent_since >= counted &&
           (silence->record.began_at == 0 || silence->record.over_at != 0);
}

static void hear(struct silence *silence)
{
    silence->silent_since = 0;
    if (silence->record.began_at == 0 || silence->record.over_at != 0)
        return;
    silence->record.over_at = clock_wall_ms();
    save(silence);
}

static void end(struct silence *silence)
{
    silence_record_release(&silence->record);
    save(silence);
}

void silence_turn(struct silence *silence, const struct sending_means *means, struct notifier_gauges *gauges,
                  bool heard)
{
    const struct config *config = means->config;
    int64_t limit = config->notify.limits[OCCASION_ROUTER];
    silence->means = *means;
    silence->gauges = gauges;
    if (heard)
        hear(silence);
    else if (silence->silent_since == 0)
        silence->silent_since = clock_monotonic_ms();
    if (limit != OCCASION_UNWANTED && config_notified(config) > 0 && is_due(silence, limit))
        begin(silence);
    if (silence->record.began_at != 0 && speak_to_all(silence))
        end(silence);
}
