#include "cli/ask.h"

#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Each line of what went wrong, as from a program. */
static void say_lines(const struct text *lines)
{
    for (const char *line = text_string(lines); *line;) {
        size_t length = strcspn(line, "\n");
        (void)fprintf(stderr, "felucca: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

int ask_router(const struct config *config, const struct control_request *request, call_progress *progress,
               void *context, struct control_answer *ret_answer)
{
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    int code = call_router(config, request, progress, context, ret_answer, &reason);
    say_lines(&reason);
    return code == 0 ? EXIT_OK : code == ERR_CONFIG ? EXIT_CONFIG : EXIT_UNREACHABLE;
}

void ask_print_answer(const struct control_answer *answer)
{
    bool refused = answer->stage == CONTROL_REFUSED;
    (void)fprintf(refused ? stderr : stdout, "%s%s\n", refused ? "felucca: " : "",
                  text_string(&answer->sentence));
    for (size_t i = 0; i < answer->note_count; i++)
        (void)fprintf(stderr, "  %s\n", answer->notes[i].text);
}

json_t *ask_notes_json(const struct control_answer *answer)
{
    json_t *notes = json_array();
    for (size_t i = 0; i < answer->note_count; i++)
        (void)json_array_append_new(notes, json_from_text(answer->notes[i].text));
    return notes;
}

static void print_answer_json(const struct control_request *request, const struct control_answer *answer)
{
    json_print_line(json_pack("{s:s, s:b, s:I, s:I, s:o, s:o}", "command", control_verb_name(request->verb),
                              "done", answer->stage == CONTROL_DONE, "changed", (json_int_t)answer->changed,
                              "skipped", (json_int_t)answer->skipped, "sentence",
                              json_from_text(text_string(&answer->sentence)), "notes",
                              ask_notes_json(answer)));
}

static void show_progress(void *context, const struct control_answer *answer)
{
    bool *shown = context;
    *shown = true;
    (void)fprintf(stderr, "\r%s\033[K", text_string(&answer->sentence));
}

int ask_and_print(const struct config *config, const struct control_request *request, bool json)
{
    AUTO(control_answer_release) struct control_answer answer = {0};
    bool shown = false, watched = !json && isatty(STDERR_FILENO);
    int status = ask_router(config, request, watched ? show_progress : NULL, &shown, &answer);
    if (shown)
        (void)fputs("\n", stderr);
    if (status != EXIT_OK)
        return status;
    if (json)
        print_answer_json(request, &answer);
    else
        ask_print_answer(&answer);
    bool idle = request->verb == CONTROL_HOLD || request->verb == CONTROL_RELEASE;
    bool nothing = answer.changed == 0 && !idle; /* what is held already is held */
    return answer.stage == CONTROL_REFUSED || nothing || fflush(stdout) != 0 ? EXIT_NO : EXIT_OK;
}
