/* felucca console - who may sign in at the web console. */
#include "cli/command.h"
#include "cli/configuration.h"
#include "cli/option.h"
#include "cli/password.h"
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/base/json.h"
#include "common/base/memory.h"
#include "common/service/service.h"
#include "common/users/users.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { ROLE, JSON };

struct asked {
    const char *action, *name, *role;
    bool json;
};

static bool take(void *context, int key, const char *value)
{
    struct asked *asked = context;
    if (key == JSON)
        asked->json = true;
    else
        asked->role = value;
    return true;
}

/* Whether it is clear what is asked. If not, it has been said why. */
static bool is_clear(const struct asked *asked, int more)
{
    const char *action = asked->action;
    bool lists = strcmp(action, "users") == 0, sets = strcmp(action, "passwd") == 0;
    if (!string_has_word(command_console.words, action, strlen(action)))
        (void)fprintf(stderr, "felucca console: \"%s\" is none of users, passwd and remove\n", action);
    else if (lists ? asked->name != NULL : !asked->name || more > 0)
        (void)fprintf(stderr, "felucca console %s: takes %s\n", action, lists ? "no name" : "one name");
    else if (asked->role && !sets)
        (void)fprintf(stderr, "felucca console %s: only passwd takes --role\n", action);
    else if (asked->json && !lists)
        (void)fprintf(stderr, "felucca console %s: only users takes --json\n", action);
    else if (sets && !users_name_is_valid(asked->name))
        (void)fprintf(
            stderr,
            "felucca console passwd: a name has at most %d letters and digits of ASCII, and . _ @ - behind the "
            "first of them\n",
            USERS_NAME_MAX);
    else
        return true;
    return false;
}

static int say(const struct asked *asked, const char *reason)
{
    (void)fprintf(stderr, "felucca console %s: %s\n", asked->action, reason);
    return EXIT_NO;
}

/* ---- what is done ---- */

static int list(const struct users *users, bool json)
{
    for (size_t i = 0; i < users_count(users); i++) {
        const struct users_row *row = users_at(users, i);
        if (json)
            json_print_line(json_pack("{s:s, s:s}", "name", row->name, "role", users_role_name(row->role)));
        else
            printf("%-8s  %s\n", users_role_name(row->role), row->name);
    }
    if (users_count(users) == 0 && !json)
        (void)fputs("nobody can sign in yet; felucca console passwd NAME lets somebody\n", stderr);
    return users_count(users) > 0 && fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

/* The file as it is now; one that is not there yet is empty. */
static int read_now(const char *path, struct users **ret_users, struct text *reason)
{
    int code = users_read(path, ret_users, reason);
    if (code == ERR_ABSENT) {
        text_clear(reason);
        *ret_users = users_create();
        return 0;
    }
    return code;
}

/* Of two who change it at once, one waits for the other. */
static int lock_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    AUTO(memory_free)
    char *folder =
        slash && slash != path ? memory_string_n(path, (size_t)(slash - path)) : memory_string("/");
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0)
        (void)flock(dir, LOCK_EX);
    return dir;
}

static int change(const struct asked *asked, const struct config *config, const char *hash)
{
    AUTO(users_destroy) struct users *users = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    const char *path = config->console.users;
    enum users_role role = USERS_VIEWER;
    AUTO(fd_close) int lock = lock_folder(path);
    (void)lock;
    if (read_now(path, &users, &reason) != 0)
        return say(asked, text_string(&reason));
    const struct users_row *row = users_find(users, asked->name);
    bool is_new = !row;
    if (row)
        role = row->role;
    if (asked->role)
        (void)users_role_find(asked->role, &role);
    if (hash && is_new && users_count(users) == USERS_MOST)
        return say(asked, "there are as many users as there may be");
    if (hash)
        users_put(users, asked->name, role, hash);
    else if (!users_remove(users, asked->name))
        return say(asked, "there is nobody of that name; felucca console users lists them");
    if (users_write(users, path, config->state_dir, &reason) != 0)
        return say(asked, text_string(&reason));
    if (!hash)
        printf("%s can sign in no more\n", asked->name);
    else
        printf("%s %s sign in as %s\n", asked->name, is_new ? "can now" : "has a new password, and can",
               users_role_name(role));
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static int set_password(const struct asked *asked, const struct config *config)
{
    AUTO(password_wipe) struct text password = TEXT_EMPTY;
    AUTO(memory_free) char *hash = NULL;
    if (!password_ask("console passwd", asked->name, &password))
        return EXIT_NO;
    int code = users_hash(text_string(&password), &hash);
    if (code == ERR_RANGE) {
        (void)fprintf(stderr,
                      "felucca console passwd: a password has from %d to %d bytes; nothing was changed\n",
                      USERS_PASSWORD_LEAST, USERS_PASSWORD_MAX);
        return EXIT_NO;
    }
    return code == 0 ? change(asked, config, hash) : say(asked, "libcrypt makes no hash");
}

static int act(const struct asked *asked, const struct config *config)
{
    AUTO(users_destroy) struct users *users = NULL;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    if (strcmp(asked->action, "passwd") == 0)
        return set_password(asked, config);
    if (strcmp(asked->action, "remove") == 0)
        return change(asked, config, NULL);
    return read_now(config->console.users, &users, &reason) == 0 ? list(users, asked->json)
                                                                 : say(asked, text_string(&reason));
}

static int console_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(config_destroy) struct config *config = NULL;
    struct asked asked = {.action = "users"};
    int first;
    if (!option_parse(&command_console, argc, argv, take, &asked, &first))
        return EXIT_USAGE;
    if (first < argc)
        asked.action = argv[first++];
    if (first < argc)
        asked.name = argv[first++];
    if (!is_clear(&asked, argc - first))
        return EXIT_USAGE;
    int status = configuration_load(cli, &config);
    if (status != EXIT_OK)
        return status;
    if (config->console.users)
        return act(&asked, config);
    (void)fprintf(stderr,
                  "felucca console %s: %s names no file of users; write, for example, console: { users: "
                  "/etc/felucca/console.users }\n",
                  asked.action, config->path);
    return EXIT_CONFIG;
}

static const struct command_option options[] = {
    {"role", "ROLE", "viewer operator", "passwd: what the user may do (a new one without it: viewer)", ROLE},
    {"json", NULL, NULL, "users: one object a line", JSON},
    {.name = NULL}};

const struct command command_console = {
    .name = "console",
    .summary = "lists, adds, removes who may sign in at the web console",
    .arguments = "[users|passwd|remove] [NAME]",
    .options = options,
    .words = "users passwd remove",
    .help = "passwd asks for a password, twice and unseen, or reads a line of standard input\n"
            "where that is no terminal; it makes the user, or changes the password of one\n"
            "that is there, whose sessions end. remove takes a user away, with his sessions.\n"
            "Both write the file that console.users names, at once and with mode 0600: names,\n"
            "roles and yescrypt hashes. A console that runs takes it without a restart.\n",
    .example = "felucca console passwd ada --role operator\n"
               "felucca console users\n"
               "felucca console remove ada\n",
    .run = console_run,
};
