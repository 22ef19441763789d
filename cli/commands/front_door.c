/* felucca front-door - writes the configuration of a HAProxy in front of several cells. */
#include "cli/command.h"
#include "cli/front_door.h"
#include "cli/option.h"
#include "common/base/cleanup.h"
#include "common/base/memory.h"
#include "common/service/service.h"

#include <stdio.h>
#include <string.h>

enum { CELL, BIND, CALLED, READY, PROXY, CHECK_CALLED, CHECK_CALLING };
enum { MOST = 64 };

struct asked {
    struct front_door door;
    struct front_door_cell cells[MOST];
    struct front_door_route routes[MOST];
    char *texts[2 * MOST + 1]; /* copies of what is cut */
    size_t text_count;
};

static void asked_release(struct asked *asked)
{
    for (size_t i = 0; i < asked->text_count; i++)
        memory_free(&asked->texts[i]);
}

static char *keep(struct asked *asked, const char *value)
{
    return asked->texts[asked->text_count++] = memory_string(value);
}

static bool refuse(const char *option, const char *value, const char *right)
{
    (void)fprintf(stderr, "felucca front-door: --%s: \"%s\" is wrong, write %s\n", option, value, right);
    return false;
}

static bool take_cell(struct asked *asked, const char *value)
{
    static const char right[] = "NAME=HOST:PORT, such as n1=10.0.0.1:11112, each name once and at most 64";
    struct front_door_cell cell = {.name = NULL};
    char *name = asked->door.cell_count < MOST ? keep(asked, value) : NULL;
    char *place = name ? strchr(name, '=') : NULL;
    if (!place)
        return refuse("cell", value, right);
    *place = '\0';
    cell.name = name;
    for (size_t i = 0; i < asked->door.cell_count; i++)
        if (strcmp(asked->cells[i].name, name) == 0)
            return refuse("cell", value, right);
    if (!front_door_is_name(name) || !front_door_split(place + 1, &cell.host, &cell.port))
        return refuse("cell", value, right);
    asked->cells[asked->door.cell_count++] = cell;
    return true;
}

static bool take_route(struct asked *asked, const char *value)
{
    static const char right[] = "TITLE=NAME or TITLE=NAME,NAME, such as RESEARCH=n2";
    char *title = asked->door.route_count < MOST ? keep(asked, value) : NULL;
    char *cells = title ? strchr(title, '=') : NULL;
    if (!cells)
        return refuse("called", value, right);
    *cells = '\0';
    if (!front_door_is_title(title) || !cells[1])
        return refuse("called", value, right);
    asked->routes[asked->door.route_count++] = (struct front_door_route){title, cells + 1};
    return true;
}

static bool take_bind(struct asked *asked, const char *value)
{
    const char *host, *port;
    AUTO(memory_free) char *copy = memory_string(value);
    if (!front_door_split(copy, &host, &port))
        return refuse("bind", value, "HOST:PORT, such as *:11112");
    asked->door.bind = value;
    return true;
}

static bool take_title(const char **title, const char *option, const char *value)
{
    *title = value;
    return front_door_is_title(value) || refuse(option, value, "an AE title");
}

static bool front_door_take(void *context, int key, const char *value)
{
    struct asked *asked = context;
    switch (key) {
    case CELL:
        return take_cell(asked, value);
    case BIND:
        return take_bind(asked, value);
    case CALLED:
        return take_route(asked, value);
    case READY:
        asked->door.ready_port = value;
        return (strlen(value) <= 5 && *value && strspn(value, "0123456789") == strlen(value)) ||
               refuse("ready", value, "a port, such as 9400");
    case PROXY:
        asked->door.proxy = true;
        return true;
    case CHECK_CALLED:
        return take_title(&asked->door.called, "check-called", value);
    default:
        return take_title(&asked->door.calling, "check-calling", value);
    }
}

static int front_door_run(const struct cli *cli, int argc, char **argv)
{
    AUTO(asked_release) struct asked asked = {.text_count = 0};
    AUTO(text_release) struct text out = TEXT_EMPTY;
    (void)cli;
    asked.door = (struct front_door){.cells = asked.cells,
                                     .routes = asked.routes,
                                     .bind = "*:11112",
                                     .called = "FELUCCA",
                                     .calling = "HAPROXY"};
    if (!option_parse(&command_front_door, argc, argv, front_door_take, &asked, NULL))
        return EXIT_USAGE;
    const char *unknown = front_door_unknown(&asked.door);
    if (asked.door.cell_count == 0 || unknown) {
        (void)fprintf(stderr, "felucca front-door: %s%s\n",
                      unknown ? "--called names a cell that no --cell has: "
                              : "name the cells: --cell n1=10.0.0.1:11112",
                      unknown ? unknown : "");
        return EXIT_USAGE;
    }
    front_door_append(&asked.door, &out);
    (void)fputs(text_string(&out), stdout);
    return fflush(stdout) == 0 ? EXIT_OK : EXIT_NO;
}

static const struct command_option options[] = {
    {"cell", "NAME=HOST:PORT", NULL, "a cell and its DICOM port; once for each", CELL},
    {"bind", "HOST:PORT", NULL, "where the door listens (*:11112)", BIND},
    {"called", "TITLE=NAME,…", NULL, "a called AE title that has cells of its own", CALLED},
    {"ready", "PORT", NULL, "asks /readyz/cell at this port instead", READY},
    {"proxy", NULL, NULL, "tells cells callers' addresses (receiver.proxies)", PROXY},
    {"check-called", "TITLE", NULL, "called AE title of its check (FELUCCA)", CHECK_CALLED},
    {"check-calling", "TITLE", NULL, "calling AE title of its check (HAPROXY)", CHECK_CALLING},
    {.name = NULL}};

const struct command command_front_door = {
    .name = "front-door",
    .summary = "writes a HAProxy configuration for several cells",
    .arguments = "--cell NAME=HOST:PORT… [OPTION…]",
    .options = options,
    .help = "Prints it. Callers go by their calling AE title, always to the same cell while\n"
            "that is there, so that a study which is split over associations stays in one. A\n"
            "cell is there when it accepts an association for verification, or, with --ready,\n"
            "when its receiver is ready and its router works: metrics.bind has to let the\n"
            "door in then.\n",
    .example = "felucca front-door --cell n1=10.0.0.1:11112 --cell n2=10.0.0.2:11112 --proxy\n",
    .run = front_door_run,
};
