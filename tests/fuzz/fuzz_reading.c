/* Any bytes as what a felucca-header answers, which a stranger's file may have taken over: there is a reading that keeps
 * its promises, or none. The first byte says whether they are what the router tells the helper instead, or those of a trial. */
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/dicom/dictionary.h"
#include "common/reading/judgement.h"
#include "common/reading/reading.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static const char expression[] =
    "(tagIsPresent(#Tag.Modality) && tagValueContains(\"0040,0275/0040,0007\", \"A\")) || tagNumber(#Tag.Rows) > 4";

static void ask(struct reading *reading, const struct condition *condition)
{
    AUTO(text_release) struct text told = TEXT_EMPTY;
    for (int i = 0; i < HEADER_UIDS; i++) {
        const char *uid = reading_uid(reading, (enum header_uid)i);
        assert(!uid || (*uid && strlen(uid) <= 64));
        (void)reading_tell_uid(reading, (enum header_uid)i, &told);
    }
    if (reading_incomplete(reading))
        text_append(&told, reading_incomplete(reading));
    if (condition_judge(condition, reading_facts(reading, NULL)) == CONDITION_UNDECIDED)
        condition_tell_doubt(condition, dictionary_for_conditions(), reading_facts(reading, NULL), &told);
    for (size_t i = 0; i < told.length; i++)
        assert(told.bytes[i] == '\n' || (unsigned char)told.bytes[i] >= ' ');
}

static void take_questions(const uint8_t *bytes, size_t length)
{
    AUTO(questions_destroy) struct questions *questions = NULL;
    AUTO(text_release) struct text again = TEXT_EMPTY;
    if (questions_read((const char *)bytes, length, &questions) != 0)
        return;
    questions_write(questions, &again);
    assert(again.length == length && (length == 0 || memcmp(again.bytes, bytes, length) == 0));
}

enum { CONDITIONS = 3 };

static void take_compiled(const uint8_t *bytes, size_t length)
{
    struct trial_compiled list[CONDITIONS] = {{NULL, false}};
    (void)trial_parse_compiled((const char *)bytes, length, CONDITIONS, list);
    for (size_t i = 0; i < CONDITIONS; i++)
        trial_compiled_release(&list[i]);
}

static void take_judgement(const uint8_t *bytes, size_t length)
{
    AUTO(judgement_destroy) struct judgement *judgement = NULL;
    if (judgement_parse((const char *)bytes, length, CONDITIONS, &judgement) != 0)
        return;
    assert(judgement->count == (judgement->code == 0 ? CONDITIONS : 0));
    for (size_t i = 0; i < judgement->count; i++) {
        AUTO(text_release) struct text told = TEXT_EMPTY;
        const struct explanation *explanation = judgement->list[i].explanation;
        unsigned deepest = 0;
        for (size_t j = 0; explanation && j < explanation->line_count; j++) {
            assert(explanation->lines[j].depth <= deepest);
            deepest = explanation->lines[j].depth + 1;
        }
        if (explanation && deepest < 1000)
            explain_print(explanation, 0, &told);
    }
}

/* What the helper is told. */
static void take_trial(const uint8_t *bytes, size_t length)
{
    AUTO(trial_destroy) struct trial *trial = NULL;
    AUTO(text_release) struct text said = TEXT_EMPTY;
    AUTO(memory_free) char *copy = memory_string_n((const char *)bytes, length);
    if (length < 4096 && trial_read(copy, length, &trial) == 0)
        trial_append_compiled(trial, &said);
}

static bool is_of_a_trial(const uint8_t *bytes, size_t length)
{
    if (bytes[0] == 'c')
        take_compiled(bytes + 1, length - 1);
    else if (bytes[0] == 'j')
        take_judgement(bytes + 1, length - 1);
    else if (bytes[0] == 't')
        take_trial(bytes + 1, length - 1);
    else
        return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static struct questions *questions;
    static struct condition *condition;
    AUTO(reading_destroy) struct reading *reading = NULL;
    struct condition_error error;
    if (!questions) {
        if (condition_compile(expression, dictionary_for_conditions(), &condition, &error) != 0)
            abort();
        questions = questions_create();
        questions_add(questions, condition);
    }
    if (length == 0)
        return 0;
    if (bytes[0] == 'q') {
        take_questions(bytes + 1, length - 1);
        return 0;
    }
    if (is_of_a_trial(bytes, length))
        return 0;
    char *copy = memory_string_n((const char *)bytes + 1, length - 1);
    if (reading_parse(copy, length - 1, questions, &reading) == 0 && reading_code(reading) == 0)
        ask(reading, condition);
    return 0;
}
