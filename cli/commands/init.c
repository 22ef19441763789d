/* felucca init - writes a first felucca.yaml, from four answers. */
#include "cli/command.h"
#include "cli/option.h"
#include "cli/question.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/config/config.h"
#include "common/service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AET, KHEOPS, STATE_DIR, TOKEN_FILE, OUTPUT };

#define USUAL_AET    "FELUCCA"
#define USUAL_STATE  "/var/lib/felucca"
#define USUAL_OUTPUT "felucca.yaml"
#define TOKEN_FOLDER "secrets"
#define TOKEN_NAME   "main_write"

struct answers {
    const char *aet, *kheops, *state_dir, *token_file, *output; /* options; NULL: not given */
};

/* ---- the file ---- */

/* In single quotes nothing but the quote itself has a meaning of its own. */
static void append_quoted(struct text *out, const char *value)
{
    text_append_char(out, '\'');
    for (; *value; value++) {
        if (*value == '\'')
            text_append_char(out, '\'');
        text_append_char(out, *value);
    }
    text_append_char(out, '\'');
}

/* What people have at hand: the address of the page, of the API, or of STOW-RS itself. */
static void append_stow_url(const char *address, struct text *out)
{
    size_t length = strlen(address);
    while (length > 0 && address[length - 1] == '/')
        length--;
    text_append_bytes(out, address, length);
    if (!string_ends_with(text_string(out), "/studies"))
        text_append(out, string_ends_with(text_string(out), "/api") ? "/studies" : "/api/studies");
}

static void append_file(struct text *out, const char *aet, const char *stow_url, const char *state_dir,
                        const char *token_file)
{
    text_append(
        out, "# Felucca's configuration. `felucca check` tells what is wrong with it, docs/configuration.md\n"
             "# (felucca config --reference) explains every key.\n"
             "state_dir: ");
    append_quoted(out, state_dir);
    text_append(out, "\nnodes:\n  - aet: ");
    append_quoted(out, aet);
    text_append(out, "\n"
                     "    # Everybody may send. This admits only those that are named:\n"
                     "    # sources: [{ aet: CT01, host: 10.1.2.3 }]\n"
                     "    destinations:\n"
                     "      - name: main\n"
                     "        stow_url: ");
    append_quoted(out, stow_url);
    text_format(
        out,
        "\n"
        "        headers: |\n"
        "          Authorization: Bearer ${file:%s}\n"
        "        # Each series of which an instance meets the condition goes into this album, too. The source\n"
        "        # token is one of the main album, with the switches Read and \"Add to Album / Inbox\".\n"
        "        # albums:\n"
        "        #   - name: research-ct\n"
        "        #     destination_token: ${file:%s/research_ct_write}\n"
        "        #     source_token: ${file:%s/main_send}\n"
        "        #     condition: |\n"
        "        #       tagValueIsPresent(#Tag.Modality, \"CT\")\n",
        token_file, TOKEN_FOLDER, TOKEN_FOLDER);
}

static void say_error(const char *what, const char *path)
{
    (void)fprintf(stderr, "felucca init: cannot %s %s: %s\n", what, path, strerror(errno));
}

/* Never over what is there. */
static bool write_new(const char *path, mode_t mode, const struct text *content)
{
    AUTO(fd_close) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        say_error("write", path);
        return false;
    }
    if (write(fd, text_string(content), content->length) == (ssize_t)content->length && fsync(fd) == 0)
        return true;
    say_error("write", path);
    (void)unlink(path);
    return false;
}

/* ---- the answers ---- */

static bool answer(const char *given, const char *question, const char *usual, struct text *ret_answer)
{
    if (given) {
        text_append(ret_answer, given);
        return true;
    }
    if (question_possible())
        return question_ask(question, usual, ret_answer);
    if (usual)
        text_append(ret_answer, usual);
    return usual != NULL;
}

/* The folder of a path, with its slash; nothing for a name alone. */
static void append_folder(const char *path, struct text *out)
{
    const char *slash = strrchr(path, '/');
    if (slash)
        text_append_bytes(out, path, (size_t)(slash - path) + 1);
}

/* Asks for the token and puts it beside the file. */
static bool make_token_file(const char *output)
{
    AUTO(text_release) struct text token = TEXT_EMPTY;
    AUTO(text_release) struct text path = TEXT_EMPTY;
    append_folder(output, &path);
    text_append(&path, TOKEN_FOLDER);
    if (mkdir(text_string(&path), 0700) != 0 && errno != EEXIST) {
        say_error("make", text_string(&path));
        return false;
    }
    text_append(&path, "/" TOKEN_NAME);
    if (access(text_string(&path), F_OK) == 0)
        return true; /* it is there from before */
    bool answered =
        question_possible() &&
        question_ask_secret("Token of the main album, with the switch Write (it is not shown)", &token);
    if (!answered || token.length == 0) {
        (void)fprintf(stderr, "felucca init: put the token of the main album into %s before the start\n",
                      text_string(&path));
        return true;
    }
    bool written = write_new(text_string(&path), 0600, &token);
    explicit_bzero(token.bytes, token.length);
    return written;
}

/* What `felucca check` would find wrong with the file. */
static int look_at(const char *path)
{
    AUTO(config_destroy) struct config *config = NULL;
    AUTO(text_release) struct text errors = TEXT_EMPTY;
    AUTO(text_release) struct text warnings = TEXT_EMPTY;
    if (config_load(path, &config, &errors, &warnings) == 0)
        return EXIT_OK;
    (void)fputs(text_string(&errors), stderr);
    (void)fputs("felucca init: nothing was written\n", stderr);
    (void)unlink(path);
    return EXIT_CONFIG;
}

static int write_file(const struct answers *answers, const char *output)
{
    AUTO(text_release) struct text aet = TEXT_EMPTY;
    AUTO(text_release) struct text address = TEXT_EMPTY;
    AUTO(text_release) struct text stow_url = TEXT_EMPTY;
    AUTO(text_release) struct text state_dir = TEXT_EMPTY;
    AUTO(text_release) struct text file = TEXT_EMPTY;
    if (!answer(answers->aet, "AE title to which images are sent", USUAL_AET, &aet) ||
        !answer(answers->kheops, "Address of KHEOPS, such as https://kheops.example.org", NULL, &address) ||
        !answer(answers->state_dir, "Folder for images and the job database, on a local disk", USUAL_STATE,
                &state_dir)) {
        (void)fputs("felucca init: without a terminal to ask on, --kheops ADDRESS must be given\n", stderr);
        return EXIT_USAGE;
    }
    append_stow_url(text_string(&address), &stow_url);
    /* what the file names is found from its own folder, what is typed from here */
    AUTO(memory_free) char *token_file = answers->token_file ? realpath(answers->token_file, NULL) : NULL;
    if (answers->token_file && !token_file) {
        say_error("find", answers->token_file);
        return EXIT_NO;
    }
    append_file(&file, text_string(&aet), text_string(&stow_url), text_string(&state_dir),
                token_file ? token_file : TOKEN_FOLDER "/" TOKEN_NAME);
    if (!write_new(output, 0644, &file))
        return EXIT_NO;
    return look_at(output);
}

static bool init_take(void *context, int key, const char *value)
{
    struct answers *answers = context;
    const char **const places[] = {[AET] = &answers->aet,
                                   [KHEOPS] = &answers->kheops,
                                   [STATE_DIR] = &answers->state_dir,
                                   [TOKEN_FILE] = &answers->token_file,
                                   [OUTPUT] = &answers->output};
    *places[key] = value;
    return true;
}

static int init_run(const struct cli *cli, int argc, char **argv)
{
    struct answers answers = {0};
    if (!option_parse(&command_init, argc, argv, init_take, &answers, NULL))
        return EXIT_USAGE;
    const char *output = answers.output ? answers.output : cli->config_path ? cli->config_path : USUAL_OUTPUT;
    if (access(output, F_OK) == 0) {
        (void)fprintf(stderr,
                      "felucca init: %s is there already: move it away, or name another with --output\n",
                      output);
        return EXIT_NO;
    }
    int status = write_file(&answers, output);
    if (status != EXIT_OK)
        return status;
    if (!answers.token_file && !make_token_file(output))
        return EXIT_NO;
    printf("%s is written. Next:\n  felucca check --config %s\n  felucca up --config %s\n", output, output,
           output);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"aet", "AET", NULL, "the AE title to which images are sent (" USUAL_AET ")", AET},
    {"kheops", "ADDRESS", NULL, "the address of KHEOPS, such as https://kheops.example.org", KHEOPS},
    {"state-dir", "FOLDER", "@file", "images and the job database (" USUAL_STATE ")", STATE_DIR},
    {"token-file", "FILE", "@file",
     "holds the token of the main album; without it the token\nis asked for and put into " TOKEN_FOLDER
     "/" TOKEN_NAME " beside\nthe new file",
     TOKEN_FILE},
    {"output", "FILE", "@file", "the file to write (" USUAL_OUTPUT ")", OUTPUT},
    {.name = NULL}};

const struct command command_init = {
    .name = "init",
    .summary = "writes a first configuration, from four answers",
    .arguments = "[--aet AET] [--kheops ADDRESS] [...]",
    .options = options,
    .help = "Asks on the terminal for what no option says: AE title, address of KHEOPS,\n"
            "folder and token. The file admits every sender, and what else it can hold\n"
            "follows as a comment. A file that is there is never touched.\n",
    .example = "felucca init\n"
               "felucca init --kheops https://kheops.example.org --state-dir state\n",
    .run = init_run,
};
