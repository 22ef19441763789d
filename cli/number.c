#include "cli/number.h"

#include "common/base/err.h"
#include "common/search/search_key.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

bool number_take(struct number *number, const char *command, int key, const char *value)
{
    if (key < NUMBER_ACCESSION || key > NUMBER_STUDY_ID)
        return true;
    if (number->text) {
        (void)fprintf(stderr, "felucca %s: give one of --accession, --patient and --study-id\n", command);
        return false;
    }
    number->text = value;
    number->kind = (enum search_kind)(key - NUMBER_ACCESSION);
    if (value[strspn(value, " \t")] != '\0')
        return true;
    (void)fprintf(stderr, "felucca %s: --%s takes a number, not blanks\n", command,
                  search_kind_name(number->kind));
    return false;
}

const char *number_name(const struct number *number)
{
    static const char *const names[SEARCH_KINDS] = {[SEARCH_ACCESSION] = "Accession Number",
                                                    [SEARCH_PATIENT] = "Patient ID",
                                                    [SEARCH_STUDY_ID] = "Study ID"};
    return names[number->kind];
}

static void say_no_key(const char *command, const char *state_dir, int code)
{
    if (code == ERR_ABSENT)
        (void)fprintf(stderr,
                      "felucca %s: there is no %s/search.key: the router makes it at its first start\n",
                      command, state_dir);
    else if (code == ERR_DENIED)
        (void)fprintf(stderr,
                      "felucca %s: only the service's user may read %s/search.key: run the command as that "
                      "user\n",
                      command, state_dir);
    else
        (void)fprintf(stderr, "felucca %s: %s/search.key: %s\n", command, state_dir, err_text(code));
}

int number_hash(struct number *number, const char *command, const struct config *config)
{
    struct search_key key;
    if (!number->text)
        return EXIT_OK;
    if (!config->search_hashes) {
        (void)fprintf(stderr, "felucca %s: search_hashes is false: the job database knows no such numbers\n",
                      command);
        return EXIT_NO;
    }
    int code = search_key_read(config->state_dir, &key);
    if (code != 0) {
        say_no_key(command, config->state_dir, code);
        return EXIT_NO;
    }
    (void)search_hash(&key, number->kind, number->text, strlen(number->text), number->hash);
    return EXIT_OK;
}
