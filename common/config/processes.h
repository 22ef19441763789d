/* processes - the processes of Felucca, one row each.
 *
 * Everything that treats a process as one of its kind reads this table: options, signals and metrics
 * (common/service), the checks of ports and keys (common/config), `felucca up`, `felucca health`, the manual
 * pages and the completion. It belongs to the configuration, because that is the lowest room which reads it: a
 * configuration is checked for all processes at once. What a process may be linked with is the other table,
 * cmake/rooms.cmake; check-processes compares the two, and the documents that list processes. */
#ifndef FELUCCA_CONFIG_PROCESSES_H
#define FELUCCA_CONFIG_PROCESSES_H

/* How many `felucca up` runs: ONE; MANY, as its option --NAMEs says; one of a NOTIFYING one where the configuration tells
 * somebody, of a REPORTING one where a source may ask for storage commitment, of a SHOWING one where it has a console, and of a WATCHING one where it has trays; or none of a HELPER, which another process starts, and which has no health port. */
enum processes_count {
    PROCESS_ONE,
    PROCESS_MANY,
    PROCESS_NOTIFYING,
    PROCESS_REPORTING,
    PROCESS_SHOWING,
    PROCESS_WATCHING,
    PROCESS_HELPER
};

/* When it stops: the network first, then who works for the router, and at last the router, which has to commit
 * what they still report. */
enum processes_stop { PROCESS_STOPS_FIRST, PROCESS_STOPS_SECOND, PROCESS_STOPS_LAST };

enum processes_trait {
    PROCESS_HINTS = 1 << 0,    /* it uses this socket … */
    PROCESS_WORK = 1 << 1,     /* … this one … */
    PROCESS_CONTROL = 1 << 2,  /* … this one … */
    PROCESS_SERVES = 1 << 3,   /* … and the others connect to it there */
    PROCESS_RESOLVES = 1 << 4, /* it needs the addresses of sources, so it asks the name service */
    PROCESS_REOPENS = 1 << 5   /* it takes new sockets and ports without a restart */
};

/* NAME, name, count, what its health port adds to metrics.port, stop, traits; summary and description of its
 * manual page */
#define PROCESS_MAP(X)                                                                                           \
    X(RECEIVER, "receiver", ONE, 0, FIRST, PROCESS_HINTS | PROCESS_RESOLVES | PROCESS_REOPENS,                   \
      "takes DICOM instances and makes them durable",                                                            \
      "Listens on `receiver.port` for DICOM associations, writes each instance below `state_dir`, and "          \
      "answers Success only when it is durable. Then it tells the router. It needs no router and no KHEOPS "     \
      "to receive.")                                                                                             \
    X(ROUTER, "router", ONE, 1, LAST, PROCESS_HINTS | PROCESS_WORK | PROCESS_CONTROL | PROCESS_SERVES,           \
      "decides where instances go, and keeps the job database",                                                  \
      "Takes in what the receiver wrote, evaluates the conditions, hands work to senders and sharers, and "      \
      "records what came of it in `state_dir/jobs.db`, whose only writer it is. A second router on the same "    \
      "state directory stands by until the first one ends.")                                                     \
    X(HEADER, "header", HELPER, 0, LAST, 0, "reads the headers of DICOM files for the router",                   \
      "The router starts two of them and hands them open files, one after the other. What a file does to its "   \
      "reader costs that file, and never the router: a header that needs more than two seconds of the "          \
      "processor, or more than 512 MiB, or that crashes its reader, is quarantined.")                            \
    X(SENDER, "sender", MANY, 2, SECOND, PROCESS_WORK, "uploads instances with STOW-RS",                         \
      "Takes work from the router and uploads instances to destinations. Several may run. It reads the "         \
      "spool and the destinations' tokens; a token file that was replaced counts at once.")                      \
    X(SHARER, "sharer", MANY, 3, SECOND, PROCESS_WORK, "puts series into KHEOPS albums",                         \
      "Takes work from the router and puts series into the albums whose conditions they meet. Several may "      \
      "run. It never sees image data.")                                                                          \
    X(COMMITTER, "committer", REPORTING, 4, SECOND, PROCESS_WORK,                                                \
      "reports to whom asked for storage commitment",                                                            \
      "Takes reports from the router and makes them to the sources that asked for storage commitment, over "     \
      "DICOM associations of its own. It sees UIDs, and neither images, the job database nor tokens.")           \
    X(NOTIFIER, "notifier", NOTIFYING, 5, SECOND, PROCESS_WORK, "tells people what needs them",                  \
      "Takes notices from the router and tells them to the webhooks and mail addresses of `notify`. It notices " \
      "by itself when the router is silent, and keeps what it told of that in `state_dir/notifier`. It sees "    \
      "neither images nor UIDs.")                                                                                \
    X(CONSOLE, "console", SHOWING, 6, FIRST, PROCESS_CONTROL,                                                    \
      "shows what the command line shows, as web pages",                                                         \
      "Answers web browsers on `console.bind` and `console.port` with what `state_dir/jobs.db` and the "         \
      "configuration tell. It opens the job database read-only; what operators want done, where there are "      \
      "`console.users`, it asks the router. It sees neither images nor tokens.")                                 \
    X(TRAY, "tray", WATCHING, 7, FIRST, 0, "takes the DICOM files that are put into folders",                    \
      "Watches the folders of `trays`, writes each file that is whole below `state_dir` as the receiver does, "  \
      "and moves it away, or deletes it, only when it is durable there. It reads `state_dir/jobs.db`, to take "  \
      "nothing twice, and needs no router to take files.")

enum {
#define X(NAME, ...) PROCESS_##NAME,
    PROCESS_MAP(X)
#undef X
        PROCESSES
};

/* "receiver router sender sharer committer notifier console tray ": those that have a health port. */
#define PROCESS_NAMES                        PROCESS_MAP(PROCESS_NAME)
#define PROCESS_NAME(NAME, name, count, ...) PROCESS_NAME_##count(name)
#define PROCESS_NAME_ONE(name)               name " "
#define PROCESS_NAME_MANY(name)              name " "
#define PROCESS_NAME_NOTIFYING(name)         name " "
#define PROCESS_NAME_REPORTING(name)         name " "
#define PROCESS_NAME_SHOWING(name)           name " "
#define PROCESS_NAME_WATCHING(name)          name " "
#define PROCESS_NAME_HELPER(name)            ""

/* How many ports the processes take, from metrics.port on: the size of the largest member. */
union processes_ports {
#define X(NAME, name, count, port, ...) char NAME[(port) + 1];
    PROCESS_MAP(X)
#undef X
};
enum { PROCESS_PORTS = sizeof(union processes_ports) };

struct processes_row {
    const char *name; /* "router"; the program is felucca-router */
    enum processes_count count;
    int port;
    enum processes_stop stop;
    unsigned traits;
    const char *summary, *description;
};

/* PROCESSES rows, in the order of the map. Borrowed for ever, as is what processes_find() returns: the row
 * of that name, or NULL. */
const struct processes_row *processes_table(void);
const struct processes_row *processes_find(const char *name);

#endif
