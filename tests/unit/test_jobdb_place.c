/* A destination or an album that is another one now, under the same name. */
#include "common/jobs/batch.h"
#include "common/jobs/dispatch.h"
#include "common/jobs/outcome.h"
#include "common/jobs/place.h"
#include "common/jobs/target.h"
#include "common/base/memory.h"
#include "tests/support/jobs_world.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

START_TEST(another_server_knows_no_series)
{
    struct jobdb_batch batch;
    struct jobdb_lane lane;
    world_take_in("1", "1.1", "1.1.1", 0, false);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    world_take_in("1", "1.1", "1.1.2", 0, false);
    jobdb_configure(world.db, "main", NULL, "https://a:443");
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert(lane.known);
    jobdb_configure(world.db, "main", NULL, "https://elsewhere:443");
    ck_assert(jobdb_pick_lane(world.db, world.main_id, &lane));
    ck_assert(!lane.known);
}
END_TEST

static int64_t main_mark, ct_mark;

/* Everything seems to have stored 7, so that a mark can be told from none. */
static void take_mark(void *context, struct jobdb_target *target)
{
    (void)context;
    if (strcmp(target->destination, "main") == 0 && !target->album)
        main_mark = target->fresh_mark;
    if (target->album && strcmp(target->album, "ct") == 0)
        ct_mark = target->fresh_mark;
    target->stored = 7;
    jobdb_save_target(world.db, target, NULL, WORLD_NOW);
    jobdb_target_release(target);
}

static void stored_marks(int64_t *ret_destination, int64_t *ret_album)
{
    jobdb_each_target(world.db, take_mark, NULL);
    *ret_destination = main_mark;
    *ret_album = ct_mark;
}

/* What has worked is forgotten with the address, of a destination and of each album. */
START_TEST(another_address_proves_nothing)
{
    int64_t destination, album;
    ck_assert(jobdb_note_address(world.db, "main", NULL, "one"));
    ck_assert(jobdb_note_address(world.db, "main", "ct", "three"));
    stored_marks(&destination, &album);
    ck_assert_msg(destination == 0 && album == 0, "the first address is no change");
    ck_assert(!jobdb_note_address(world.db, "main", NULL, "one"));
    ck_assert(jobdb_note_address(world.db, "main", NULL, "two"));
    stored_marks(&destination, &album);
    ck_assert_int_eq(destination, 7);
    ck_assert_int_eq(album, 0);
    ck_assert(jobdb_note_address(world.db, "main", "ct", "four"));
    stored_marks(&destination, &album);
    ck_assert_int_eq(album, 7);
}
END_TEST

static bool share_due(int64_t album, struct jobdb_batch *ret_share)
{
    int64_t next_due;
    *ret_share = (struct jobdb_batch){.work = "s-1"};
    return jobdb_pick_share(world.db, album, false, WORLD_NOW, ret_share, &next_due);
}

static void end_share(struct jobdb_batch *share)
{
    const struct jobdb_outcome outcome = {.cause = CAUSE_STORED, .now = WORLD_NOW};
    ck_assert(jobdb_move_share(world.db, share, share->items, &outcome));
    jobdb_batch_release(share);
}

/* What was stored and shared at another server is not at this one. */
START_TEST(another_server_has_nothing)
{
    struct jobdb_batch share, batch;
    world_store("1", "1.1", "1.1.1", world.ct_album);
    ck_assert(share_due(world.ct_album, &share));
    end_share(&share);
    world_store("2", "2.1", "2.1.1", world.ct_album); /* its share is due */
    jobdb_configure(world.db, "main", NULL, "https://elsewhere:443");
    ck_assert_msg(!share_due(world.ct_album, &share), "due before its series is there");
    jobdb_batch_release(&share);
    world_take_in("1", "1.1", "1.1.2", world.ct_album, false);
    ck_assert_msg(!share_due(world.ct_album, &share), "asked for anew before its series is there");
    jobdb_batch_release(&share);
    ck_assert(world_pick(WORLD_NOW, 50, &batch));
    world_end(&batch, CAUSE_STORED, 0);
    ck_assert_msg(share_due(world.ct_album, &share), "what was shared elsewhere is not asked for anew");
    ck_assert_str_eq(share.series, "1.1");
    end_share(&share);
    world_store("2", "2.1", "2.1.2", world.ct_album);
    ck_assert(share_due(world.ct_album, &share));
    ck_assert_str_eq(share.series, "2.1");
    end_share(&share);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}
END_TEST

/* Into another main album of the same KHEOPS: what is shared stays shared. */
START_TEST(a_destination_that_moves_keeps_what_is_shared)
{
    struct jobdb_batch share;
    world_store("1", "1.1", "1.1.1", world.ct_album);
    ck_assert(share_due(world.ct_album, &share));
    end_share(&share);
    jobdb_destination_moved(world.db, world.main_id, WORLD_NOW);
    world_store("1", "1.1", "1.1.2", world.ct_album);
    ck_assert(!share_due(world.ct_album, &share));
    jobdb_batch_release(&share);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}
END_TEST

/* An album that was made again has none of its series. */
START_TEST(an_album_made_again_is_asked_for_anew)
{
    struct jobdb_batch share;
    world_store("1", "1.1", "1.1.1", world.ct_album);
    ck_assert(share_due(world.ct_album, &share));
    end_share(&share);
    jobdb_album_moved(world.db, world.ct_album, WORLD_NOW);
    world_store("1", "1.1", "1.1.2", world.mr_album);
    ck_assert(!share_due(world.ct_album, &share));
    jobdb_batch_release(&share);
    world_store("1", "1.1", "1.1.3", world.ct_album);
    ck_assert(share_due(world.ct_album, &share));
    end_share(&share);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
}
END_TEST

/* ---- what is known of tokens ---- */

static struct jobdb_token ct_token; /* as the last target told it */

static void take_token(void *context, struct jobdb_target *target)
{
    const struct work_token *say = context;
    if (target->album && strcmp(target->album, "ct") == 0) {
        if (say)
            jobdb_save_token(world.db, target, say, WORLD_NOW);
        free(ct_token.album);
        ct_token = (struct jobdb_token){.known = target->token.known,
                                        .state = target->token.state,
                                        .album = memory_string(target->token.album)};
    }
    jobdb_target_release(target);
}

static void say_of_ct(const struct work_token *say)
{
    jobdb_each_target(world.db, take_token, (void *)say);
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    jobdb_each_target(world.db, take_token, NULL);
}

/* An album that is gone takes its token with it: only the id that was told before tells that another one came. */
START_TEST(a_token_that_is_gone_leaves_its_album)
{
    static char scope[] = "write", album[] = "album-1", none[] = "";
    say_of_ct(&(struct work_token){
        .kind = WORK_TOKEN_DESTINATION, .state = WORK_TOKEN_ACTIVE, .scope = scope, .album_id = album});
    say_of_ct(&(struct work_token){
        .kind = WORK_TOKEN_DESTINATION, .state = WORK_TOKEN_INACTIVE, .scope = none, .album_id = none});
    ck_assert(ct_token.known && ct_token.state == WORK_TOKEN_INACTIVE);
    ck_assert_str_eq(ct_token.album, "album-1");
    jobdb_configure(world.db, "main", NULL, "https://elsewhere:443");
    ck_assert_int_eq(jobdb_commit(world.db), 0);
    jobdb_each_target(world.db, take_token, NULL);
    ck_assert_msg(!ct_token.known, "another server has said nothing yet");
    free(ct_token.album);
    ct_token = (struct jobdb_token){0};
}
END_TEST

int main(void)
{
    struct tests *tests = tests_create("jobdb_place");
    tests_fixture(tests, world_set_up, world_tear_down);
    tests_add(tests, another_server_knows_no_series);
    tests_add(tests, another_address_proves_nothing);
    tests_add(tests, another_server_has_nothing);
    tests_add(tests, a_destination_that_moves_keeps_what_is_shared);
    tests_add(tests, an_album_made_again_is_asked_for_anew);
    tests_add(tests, a_token_that_is_gone_leaves_its_album);
    return tests_run(tests);
}
