#include "cli/option.h"

#include "common/base/cleanup.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { OPTIONS_MOST = 32, WORD_SIZE = 64, NEAR = 4 };

/* ---- names that are near ---- */

struct nearest {
    char name[WORD_SIZE];
    unsigned distance;
};

static void consider(struct nearest *nearest, const char *wanted, const char *word, size_t length)
{
    char name[WORD_SIZE];
    if (length >= sizeof name)
        return;
    (void)snprintf(name, sizeof name, "%.*s", (int)length, word);
    unsigned distance = string_distance(wanted, name);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        memcpy(nearest->name, name, sizeof name);
    }
}

static void say_words(const char *words)
{
    (void)fputs("; it takes ", stderr);
    for (; *words; words++)
        (void)fputs(*words != '\n' ? (char[]){*words, '\0'} : words[1] ? ", " : "", stderr);
    (void)fputs("\n", stderr);
}

bool option_check_word(const char *command, const char *option, const char *words, const char *value)
{
    const char *between = strchr(words, '\n') ? "\n" : " ";
    struct nearest nearest = {.distance = NEAR};
    for (const char *word = words; *word; word += strspn(word, between)) {
        size_t length = strcspn(word, between);
        if (strlen(value) == length && strncmp(value, word, length) == 0)
            return true;
        consider(&nearest, value, word, length);
        word += length;
    }
    (void)fprintf(stderr, "felucca %s: --%s: there is no \"%s\"", command, option, value);
    if (nearest.name[0])
        (void)fprintf(stderr, "; did you mean %s?\n", nearest.name);
    else
        say_words(words);
    return false;
}

bool option_check_given(const char *command, const char *option, const char *noun, const char *value)
{
    if (*value)
        return true;
    (void)fprintf(stderr, "felucca %s: --%s takes %s, and what is given is empty\n", command, option, noun);
    return false;
}

static bool say_unknown(const struct command *command, const char *argument)
{
    struct nearest nearest = {.distance = NEAR};
    char wanted[WORD_SIZE];
    (void)snprintf(wanted, sizeof wanted, "%.*s", (int)strcspn(argument, "="), argument);
    for (const struct command_option *option = command->options; option && option->name; option++)
        consider(&nearest, string_starts_with(wanted, "--") ? wanted + 2 : wanted, option->name,
                 strlen(option->name));
    (void)fprintf(stderr, "felucca %s: unknown option %s", command->name, wanted);
    if (nearest.name[0])
        (void)fprintf(stderr, "; did you mean --%s?\n", nearest.name);
    else
        (void)fprintf(stderr, "; `felucca %s --help` lists them\n", command->name);
    return false;
}

/* ---- parsing ---- */

static void option_fill(const struct command *command, struct option *ret_options)
{
    int count = 0;
    for (const struct command_option *o = command->options; o && o->name && count < OPTIONS_MOST; o++)
        ret_options[count++] =
            (struct option){o->name, o->argument ? required_argument : no_argument, NULL, 'a'};
    ret_options[count] = (struct option){NULL, 0, NULL, 0};
}

/* What getopt does not take: unknown, or without its value, or with one too much. */
static bool say_wrong(const struct command *command, char **argv, int code)
{
    const char *argument = argv[optind - 1];
    if (code == ':') {
        (void)fprintf(stderr, "felucca %s: %s needs a value; see felucca %s --help\n", command->name,
                      argument, command->name);
        return false;
    }
    for (const struct command_option *o = command->options; o && o->name; o++) {
        size_t length = strlen(o->name);
        if (string_starts_with(argument, "--") && strncmp(argument + 2, o->name, length) == 0 &&
            argument[2 + length] == '=') {
            (void)fprintf(stderr, "felucca %s: --%s takes no value\n", command->name, o->name);
            return false;
        }
    }
    return say_unknown(command, argument);
}

bool option_parse(const struct command *command, int argc, char **argv,
                  bool (*take)(void *context, int key, const char *value), void *context, int *ret_first)
{
    struct option options[OPTIONS_MOST + 1];
    option_fill(command, options);
    optind = 0; /* glibc: start anew, and take options anywhere before a "--" */
    opterr = 0;
    int index = 0;
    for (int code; (code = getopt_long(argc, argv, ":", options, &index)) != -1;) {
        if (code != 'a')
            return say_wrong(command, argv, code);
        const struct command_option *option = &command->options[index];
        if (option->words && option->words[0] != '@' &&
            !option_check_word(command->name, option->name, option->words, optarg))
            return false;
        if (!take(context, option->key, optarg))
            return false;
    }
    if (ret_first)
        *ret_first = optind;
    if (!ret_first && optind < argc)
        (void)fprintf(stderr, "felucca %s: takes no argument \"%s\"; see felucca %s --help\n", command->name,
                      argv[optind], command->name);
    return ret_first || optind == argc;
}

static bool take_flag(void *context, int key, const char *value)
{
    (void)value;
    *(unsigned *)context |= 1u << key;
    return true;
}

bool option_parse_flags(const struct command *command, int argc, char **argv, unsigned *ret_flags)
{
    *ret_flags = 0;
    return option_parse(command, argc, argv, take_flag, ret_flags, NULL);
}

/* ---- explaining ---- */

static void append_padded(struct text *help, const char *left, int width)
{
    text_format(help, "  %-*s", width, left);
}

void option_append_help(const struct command_option *options, struct text *help)
{
    int width = 0;
    for (const struct command_option *o = options; o && o->name; o++) {
        int length = (int)(strlen(o->name) + (o->argument ? 1 + strlen(o->argument) : 0));
        width = length > width ? length : width;
    }
    width += 5; /* "--" and a gap */
    for (const struct command_option *o = options; o && o->name; o++) {
        AUTO(text_release) struct text left = TEXT_EMPTY;
        text_format(&left, "--%s%s%s", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
        append_padded(help, text_string(&left), width);
        for (const char *c = o->meaning; *c; c++) {
            text_append_char(help, *c);
            if (*c == '\n')
                append_padded(help, "", width);
        }
        text_append_char(help, '\n');
    }
}

void option_append_example(const char *example, struct text *help)
{
    while (example && *example) {
        size_t length = strcspn(example, "\n");
        text_format(help, "  %.*s\n", (int)length, example);
        example += length + (example[length] == '\n');
    }
}
