#include "tests/bench/crowd.h"

#include "common/base/cleanup.h"
#include "common/base/clock.h"
#include "common/worker/worker.h"
#include "tests/support/stock.h"

#include <poll.h>
#include <stdlib.h>

static const char configuration[] = "%sstate_dir: %s\n"
                                    "metrics: { bind: 127.0.0.1, port: 0 }\n"
                                    "log: { level: warning, format: text }\n"
                                    "nodes:\n"
                                    "  - aet: BENCH\n"
                                    "    destinations:\n"
                                    "      - name: main\n"
                                    "        stow_url: http://127.0.0.1:9/api/studies\n"
                                    "        headers: 'Authorization: Bearer x'\n"
                                    "        connections: 64\n"
                                    "        albums:\n"
                                    "          - { name: ct, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y,\n"
                                    "              condition: 'tagValueIsPresent(#Tag.Modality, \"CT\")' }\n"
                                    "          - { name: mr, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y,\n"
                                    "              condition: 'tagValueIsPresent(#Tag.Modality, \"MR\")' }\n"
                                    "          - { name: all, api_url: 'http://127.0.0.1:9/api',\n"
                                    "              destination_token: x, source_token: y }\n";

void crowd_init(struct crowd *crowd, struct sandbox *sandbox, const char *more)
{
    AUTO(text_release) struct text yaml = TEXT_EMPTY;
    *crowd = (struct crowd){.state = sandbox_make_folder(sandbox, "state")};
    (void)sandbox_make_folder(sandbox, "state/spool/incoming");
    text_format(&yaml, configuration, more, crowd->state);
    crowd->config = sandbox_write(sandbox, "felucca.yaml", text_string(&yaml));
}

static void write_instance(const char *folder, unsigned number, unsigned series_size, unsigned study_series)
{
    struct dicom_spec spec;
    unsigned series = number / series_size;
    dicom_spec_init(&spec, 1);
    dicom_uid(spec.study_uid, series / study_series + 1, 0, 0);
    dicom_uid(spec.series_uid, series / study_series + 1, series % study_series + 1, 0);
    dicom_uid(spec.sop_uid, series / study_series + 1, series % study_series + 1, number + 1);
    free(stock_receive(folder, &spec, "BENCH"));
}

void crowd_write(const struct crowd *crowd, unsigned instances, unsigned series_size, unsigned study_series)
{
    AUTO(text_release) struct text incoming = TEXT_EMPTY;
    text_format(&incoming, "%s/spool/incoming", crowd->state);
    for (unsigned i = 0; i < instances; i++)
        write_instance(text_string(&incoming), i, series_size, study_series);
}

void crowd_start_router(struct crowd *crowd, struct sandbox *sandbox)
{
    const char *const argv[] = {FELUCCA_BIN "/felucca-router", "--config", crowd->config, NULL};
    const struct process_options options = {.output = sandbox_path(sandbox, "router.log")};
    crowd->router = process_start(argv, &options);
}

/* ---- workers that say "done" at once ---- */

static void finish(struct worker *worker, struct work *work)
{
    struct work_result *result = work_result_create(work);
    for (size_t i = 0; i < result->answer_count; i++)
        work_answer_set(&result->answers[i], WORK_DONE_OUTCOME, BLAME_NOBODY, 200, NULL);
    worker_finish(worker, &result);
    work_destroy(&work);
}

static void start_send(void *context, struct work *work)
{
    struct crowd *crowd = context;
    crowd->delivered += work->item_count;
    finish(crowd->sender, work);
}

static void start_share(void *context, struct work *work)
{
    struct crowd *crowd = context;
    crowd->shared++;
    finish(crowd->sharer, work);
}

static void ignore(void *context, const char *work_id)
{
    (void)context;
    (void)work_id;
}

bool crowd_connect(struct crowd *crowd)
{
    AUTO(text_release) struct text work = TEXT_EMPTY;
    AUTO(text_release) struct text reason = TEXT_EMPTY;
    text_format(&work, "ipc://%s/run/work/sock", crowd->state);
    struct config config = {.endpoints = {.work = (char *)text_string(&work)}};
    struct worker_handler send = {crowd, start_send, ignore, NULL, NULL},
                          share = {crowd, start_share, ignore, NULL, NULL};
    return worker_create(&config, WORK_SEND, 8, &send, &crowd->sender, &reason) == 0 &&
           worker_create(&config, WORK_SHARE, 8, &share, &crowd->sharer, &reason) == 0;
}

bool crowd_work(struct crowd *crowd, unsigned long deliveries, unsigned long shares, bool idle,
                int64_t limit_ms)
{
    int64_t end = clock_monotonic_ms() + limit_ms;
    while (clock_monotonic_ms() < end) {
        worker_turn(crowd->sender);
        worker_turn(crowd->sharer);
        if (crowd->delivered >= deliveries && crowd->shared >= shares &&
            (!idle || (!worker_busy(crowd->sender) && !worker_busy(crowd->sharer))))
            return true;
        struct pollfd fds[] = {{.fd = worker_fd(crowd->sender), .events = POLLIN},
                               {.fd = worker_fd(crowd->sharer), .events = POLLIN}};
        (void)poll(fds, 2, 5);
    }
    return false;
}

int crowd_end(struct crowd *crowd, int64_t limit_ms)
{
    worker_destroy(&crowd->sender);
    worker_destroy(&crowd->sharer);
    int status = process_end(crowd->router, limit_ms);
    process_destroy(&crowd->router);
    return status;
}
