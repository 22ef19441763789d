#include "common/service/service_options.h"

#include "common/base/err.h"

#include <string.h>

static bool take_config(const char *value, struct service_options *options)
{
    options->config = value;
    return *value != '\0';
}

static bool take_level(const char *value, struct service_options *options)
{
    options->has_level = log_level_parse(value, &options->level);
    return options->has_level;
}

static bool take_format(const char *value, struct service_options *options)
{
    options->has_format = strcmp(value, "text") == 0 || strcmp(value, "json") == 0;
    options->format = strcmp(value, "json") == 0 ? LOG_JSON : LOG_TEXT;
    return options->has_format;
}

static bool take_check(const char *value, struct service_options *options)
{
    (void)value;
    return options->check = true;
}

static bool take_help(const char *value, struct service_options *options)
{
    (void)value;
    return options->help = true;
}

static bool take_version(const char *value, struct service_options *options)
{
    (void)value;
    return options->version = true;
}

static const struct option {
    const char *name, *value; /* value: as --help shows it; NULL: it takes none */
    bool (*take)(const char *value, struct service_options *options);
    const char *help;
} options_table[] = {
    {"--config", "FILE", take_config,
     "the configuration; else $FELUCCA_CONFIG, ./felucca.yaml or\n"
     "                         /etc/felucca/felucca.yaml"},
    {"--log-level", "LEVEL", take_level, "error, warning, info or debug, over the configuration's"},
    {"--log-format", "FORMAT", take_format, "text or json, over the configuration's"},
    {"--check", NULL, take_check, "checks the configuration and ends: status 0, or 3 with its errors"},
    {"--help", NULL, take_help, "shows this"},
    {"--version", NULL, take_version, "shows the version"},
};

enum { OPTIONS = sizeof options_table / sizeof *options_table };

/* "--name" or "--name=value"; *ret_value is behind the sign, or NULL. */
static const struct option *option_find(const char *argument, const char **ret_value)
{
    size_t length = strcspn(argument, "=");
    for (int i = 0; i < OPTIONS; i++) {
        if (strlen(options_table[i].name) == length &&
            strncmp(options_table[i].name, argument, length) == 0) {
            *ret_value = argument[length] ? argument + length + 1 : NULL;
            return &options_table[i];
        }
    }
    return NULL;
}

int service_options_parse(int argc, char **argv, struct service_options *ret_options, struct text *ret_reason)
{
    *ret_options = (struct service_options){.config = NULL};
    for (int i = 1; i < argc; i++) {
        const char *value = NULL;
        const struct option *option = option_find(argv[i], &value);
        if (!option) {
            text_format(ret_reason, "unknown argument %s", argv[i]);
            return ERR_SYNTAX;
        }
        if (option->value && !value && i + 1 < argc)
            value = argv[++i];
        if ((option->value != NULL) != (value != NULL)) {
            text_format(ret_reason, "%s takes %s", option->name, option->value ? option->value : "no value");
            return ERR_SYNTAX;
        }
        if (!option->take(value ? value : "", ret_options)) {
            text_format(ret_reason, "%s: \"%s\" is not right; %s", option->name, value ? value : "",
                        option->help);
            return ERR_SYNTAX;
        }
    }
    return 0;
}

void service_options_help(const char *process, struct text *out)
{
    text_format(out, "usage: felucca-%s [OPTIONS]\n\n", process);
    for (int i = 0; i < OPTIONS; i++) {
        const char *value = options_table[i].value ? options_table[i].value : "";
        text_format(out, "  %s %-*s %s\n", options_table[i].name, 21 - (int)strlen(options_table[i].name),
                    value, options_table[i].help);
    }
    text_append(out,
                "\nSIGTERM ends it after what is in hand, SIGHUP makes it read the configuration again,\n"
                "SIGUSR1 and SIGUSR2 make the log more and less detailed.\n"
                "Exit status: 0 success, 2 usage, 3 bad configuration.\n");
}
