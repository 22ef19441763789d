#include "common/notify/message.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/base/json.h"
#include "common/config/occasions.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* In each text @ is where it is, and # how many there are. */
struct words {
    const char *one, *many, *over;
    const char *command;
    bool names_place; /* the command takes --destination and --album */
};

static const struct words words[OCCASIONS] = {
    [OCCASION_FAILED] = {"one job failed at @", "# jobs failed at @", "no job is failed at @ any more",
                         "felucca jobs --state failed", true},
    [OCCASION_BLOCKED] = {"@ is blocked, nothing goes there", NULL, "@ is not blocked any more",
                          "felucca status", false},
    [OCCASION_QUARANTINE] = {"one file is in quarantine", "# files are in quarantine",
                             "no file is in quarantine any more", "felucca quarantine", false},
    [OCCASION_BACKLOG] = {"jobs wait too long at @", NULL, "no job waits too long at @ any more",
                          "felucca jobs --state queued", true},
    [OCCASION_DISK] = {"the disk of the spool is almost full", NULL, "the disk of the spool has room again",
                       "felucca status", false},
    [OCCASION_TOKEN] = {"KHEOPS calls a token of @ inactive", NULL,
                        "KHEOPS calls no token of @ inactive any more", "felucca check", false},
    [OCCASION_EXPIRY] = {"a token of @ ends soon, or should have ended", NULL,
                         "no token of @ ends soon any more", "felucca check", false},
    [OCCASION_ROUTER] = {"the router is silent, nothing is delivered", NULL, "the router answers again",
                         "felucca status", false},
};
static const struct words of_a_test = {"a test: whoever reads this gets the notices of Felucca", NULL, NULL,
                                       "felucca notify --test", false};
/* A router of a later version may know more. */
static const struct words of_others = {"something needs a person at @", NULL, "that is over at @",
                                       "felucca status", false};

static const struct words *words_of(const struct work_notice *notice)
{
    if (notice->state == WORK_NOTICE_TEST)
        return &of_a_test;
    for (int i = 0; i < OCCASIONS; i++)
        if (strcmp(occasion_word((enum occasion)i), notice->cause) == 0)
            return &words[i];
    return &of_others;
}

static void append_place(const struct work_notice *notice, struct text *out)
{
    text_append(out, notice->destination ? notice->destination : "this machine");
    if (notice->album)
        text_format(out, "/%s", notice->album);
}

static void append_filled(const struct work_notice *notice, const char *form, struct text *out)
{
    for (; *form; form++) {
        if (*form == '@')
            append_place(notice, out);
        else if (*form == '#')
            text_format(out, "%" PRId64, notice->count);
        else
            text_append_char(out, *form);
    }
}

void message_sentence(const struct work_notice *notice, struct text *out)
{
    const struct words *its = words_of(notice);
    if (notice->state == WORK_NOTICE_MORE)
        text_format(out, "%" PRId64 " more of the same: ", notice->more);
    if (notice->state == WORK_NOTICE_OVER)
        append_filled(notice, its->over, out);
    else
        append_filled(notice, its->many && notice->count != 1 ? its->many : its->one, out);
}

/* ---- the command ---- */

static void append_argument(const char *value, struct text *out)
{
    bool plain = true;
    for (const char *c = value; *c; c++)
        plain = plain && (isalnum((unsigned char)*c) || strchr("._-/", *c));
    if (plain) {
        text_append(out, value);
        return;
    }
    text_append_char(out, '\'');
    for (; *value; value++)
        text_append(out, *value == '\'' ? "'\\''" : (const char[]){*value, '\0'});
    text_append_char(out, '\'');
}

void message_command(const struct work_notice *notice, struct text *out)
{
    const struct words *its = words_of(notice);
    text_append(out, its->command);
    if (its->names_place && notice->destination) {
        text_append(out, " --destination ");
        append_argument(notice->destination, out);
    }
    if (its->names_place && notice->album) {
        text_append(out, " --album ");
        append_argument(notice->album, out);
    }
}

/* ---- JSON ---- */

enum { HOST_SIZE = 65 };

static const char *host_name(char *buffer)
{
    if (gethostname(buffer, HOST_SIZE - 1) != 0)
        (void)snprintf(buffer, HOST_SIZE, "localhost");
    buffer[HOST_SIZE - 1] = '\0';
    return buffer;
}

void message_json(const struct work_notice *notice, const char *cell, struct text *out)
{
    char host[HOST_SIZE];
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    AUTO(text_release) struct text command = TEXT_EMPTY;
    message_sentence(notice, &sentence);
    message_command(notice, &command);
    AUTO(json_release)
    json_t *json = json_pack(
        "{s:o, s:o, s:s, s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "id", json_from_text(notice->id),
        "cause", json_from_text(notice->cause), "state", work_notice_state_name(notice->state), "destination",
        json_from_text(notice->destination), "album", json_from_text(notice->album), "count",
        (json_int_t)notice->count, "more", (json_int_t)notice->more, "since", json_from_time(notice->since),
        "at", json_from_time(notice->at), "host", json_from_text(host_name(host)), "cell",
        json_from_text(cell), "sentence", json_from_text(text_string(&sentence)), "command",
        json_from_text(text_string(&command)));
    json_append(json, out);
}

/* ---- mail ---- */

static void append_date(int64_t wall_ms, struct text *out)
{
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts = {0};
    (void)gmtime_r(&seconds, &parts);
    text_format(out, "%s, %02d %s %d %02d:%02d:%02d +0000", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/* RFC 2047, whole characters in each word: a header is ASCII, and names may be anything. */
static void append_encoded(const char *value, struct text *out)
{
    enum { WORD_BYTES = 16 };
    size_t in_word = 0;
    text_append(out, "=?UTF-8?Q?");
    for (const unsigned char *c = (const unsigned char *)value; *c; c++) {
        bool begins_character = (*c & 0xC0) != 0x80;
        if (in_word >= WORD_BYTES && begins_character) {
            text_append(out, "?=\r\n =?UTF-8?Q?");
            in_word = 0;
        }
        if (isalnum(*c) && *c < 0x80)
            text_append_char(out, (char)*c);
        else
            text_format(out, "=%02X", *c);
        in_word++;
    }
    text_append(out, "?=");
}

static void append_subject(const char *subject, struct text *out)
{
    bool ascii = true;
    for (const unsigned char *c = (const unsigned char *)subject; *c; c++)
        ascii = ascii && *c >= ' ' && *c < 0x7F;
    if (ascii)
        text_append(out, subject);
    else
        append_encoded(subject, out);
}

static void append_head(const struct work_notice *notice, const struct config_mail *mail, const char *cell,
                        const char *sentence, struct text *out)
{
    char host[HOST_SIZE];
    AUTO(text_release) struct text subject = TEXT_EMPTY;
    text_format(&subject, "Felucca on %s: %s", cell, sentence);
    text_format(out, "From: Felucca <%s>\r\nTo: %s\r\nDate: ", mail->from, mail->to);
    append_date(notice->at, out);
    text_append(out, "\r\nSubject: ");
    append_subject(text_string(&subject), out);
    text_format(out, "\r\nMessage-ID: <%s@%s.felucca>\r\n", notice->id, host_name(host));
    text_append(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                     "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
}

void message_mail(const struct work_notice *notice, const struct config_mail *mail, const char *cell,
                  struct text *out)
{
    char since[CLOCK_ISO_SIZE];
    AUTO(text_release) struct text sentence = TEXT_EMPTY;
    message_sentence(notice, &sentence);
    append_head(notice, mail, cell, text_string(&sentence), out);
    text_format(out, "%s.\r\n\r\nSince: %s\r\nMore:  ", text_string(&sentence),
                clock_iso8601(notice->since, since));
    message_command(notice, out);
    text_append(out, "\r\n");
}
