/* fence - a model of two routers on one state folder for spin: whose writes may reach the job database, when no lock
 * crosses between them and each may be paused anywhere, for as long as it likes.
 *
 *   model                          code
 *   owner, beat, claimed           the file cell.owner, the beat in the file of each owner, cell.generation.N
 *   look, watch                    wait_until_alone(), vigil_look() (router/takeover.c, router/vigil.c)
 *   take_generation, rename        owner_claim() (common/spool/owner.c): O_EXCL, then rename()
 *   settle                         FENCE_SETTLE_MS, then fence_holds()
 *   check, then the commit's end   fence_hold(), then jobdb_commit() (router/commit.c)
 *   beating                        the thread of router/fence.c: asks, then writes into the file that it holds open
 *   ages of a beat                 FENCE_LIMIT_MS: who could not write one for so long ends by itself
 *   dies, starts                   a crash, and the supervisor
 *
 * Time is ticks, which pass at any moment: a router that is not scheduled meanwhile is one that was paused. Waiting
 * counts ticks. A process's life is a tenure; each has an owner's file of its own, so who was renamed away goes on
 * beating where nobody looks.
 *
 * Left out: reading that fails, the clean end (it writes "released", and the next one does not watch: LEAVES).
 *
 * Promised: in a generation only its one owner commits; no two commits are written at once; after the first commit of
 * who took the folder later none of an earlier one comes. A commit is over within a tick of its check, which is less than
 * SETTLE; that a machine is not frozen in between is what no program can see to (fence.h), and FROZEN shows what happens
 * then.
 *
 * Broken on purpose, to see that this is noticed (run.sh): NO_CHECK commits without asking, NO_EXCL takes a generation
 * that somebody has, NO_SETTLE works as soon as it has renamed, BEAT_RENAMES writes the beat over the file as it is
 * found, FROZEN pauses between check and commit. */

#define ROUTERS 2
#ifndef TENURES
#define TENURES 3 /* lives of routers, of both together */
#endif
#define GENERATIONS (TENURES + 1)
#define WATCH 2  /* ticks; longer than what a beat takes */
#define SETTLE 2 /* longer than a commit */

#define NOBODY 255

byte owner = NOBODY;           /* the tenure whose file is cell.owner */
byte generation[TENURES];      /* which each tenure has taken */
byte beat[TENURES];            /* modulo 2: what counts is whether it moves */
bit released[TENURES];
bit claimed[GENERATIONS + 1];
byte highest;                  /* of the generations that were taken */
byte lives;                    /* tenures that have begun */

/* What is proved of it. */
byte committed_by[GENERATIONS + 1]; /* tenure + 1 */
byte renames, order[TENURES];       /* who took the folder after whom */
byte latest;                        /* the last of these with a commit */

byte waited[ROUTERS];  /* ticks that a router has waited */
byte writing[ROUTERS]; /* a commit is on its way: 1, and the ticks since its check */

inline end_commit(me)
{
    assert(committed_by[generation[me]] == 0 || committed_by[generation[me]] == me + 1);
    committed_by[generation[me]] = me + 1;
    assert(order[me] >= latest);
    latest = order[me];
    writing[r] = 0
}

inline begin_commit(me)
{
    writing[r] = 1;
    assert(writing[1 - r] == 0)
}

#define TICK(r) \
    if \
    :: waited[r] < WATCH -> waited[r]++ \
    :: else \
    fi; \
    if \
    :: writing[r] == 1 -> writing[r]++ \
    :: else \
    fi

#ifdef FROZEN
#define MAY_TICK true
#else
#define MAY_TICK (writing[0] < 2 && writing[1] < 2)
#endif

active proctype clock_of_all()
{
end:
    do
    :: atomic { MAY_TICK && (waited[0] < WATCH || waited[1] < WATCH || writing[0] == 1 || writing[1] == 1) -> TICK(0); TICK(1) }
    od
}

proctype router(byte r)
{
    byte me, seen, seen_beat, found, commits;

begin:
    atomic {
        if
        :: lives < TENURES -> me = lives; lives++
        :: else -> goto ended
        fi;
        seen = NOBODY; seen_beat = 0; commits = 0; waited[r] = 0
    }

watch:
    /* One look, as a whole: a file is read at once. */
    do
    :: atomic { owner == NOBODY -> break }
    :: atomic { owner != NOBODY && released[owner] -> break }
    :: atomic { owner != NOBODY && (seen != owner || seen_beat != beat[owner]) ->
        seen = owner; seen_beat = beat[owner]; waited[r] = 0 }
    :: atomic { owner != NOBODY && seen == owner && seen_beat == beat[owner] && waited[r] >= WATCH -> break }
    od;

    /* What it saw may be old by now. */
    atomic { found = highest + 1 }
    if
#ifdef NO_EXCL
    :: atomic { generation[me] = found; claimed[found] = 1; highest = (found > highest -> found : highest) }
#else
    :: atomic { !claimed[found] -> generation[me] = found; claimed[found] = 1; highest = (found > highest -> found : highest) }
    :: atomic { claimed[found] -> seen = NOBODY; waited[r] = 0; goto watch }
#endif
    :: goto dies
    fi;

    if
    :: atomic { owner = me; waited[r] = 0; renames++; order[me] = renames }
    :: goto dies
    fi;

#ifndef NO_SETTLE
    waited[r] >= SETTLE;
#endif

works:
    do
#ifdef NO_CHECK
    :: atomic { commits < 2 -> commits++; begin_commit(me) } atomic { end_commit(me) }
#else
    :: atomic { commits < 2 && owner == me -> commits++; begin_commit(me) } atomic { end_commit(me) }
#endif
#ifdef BEAT_RENAMES
    :: atomic { owner == me -> beat[me] = 1 - beat[me] } atomic { owner = me }
#else
    /* Asked before, written after a pause of any length. */
    :: atomic { owner == me -> skip } atomic { beat[me] = 1 - beat[me] }
#endif
    :: atomic { owner != me -> break }
    :: goto dies
#ifdef LEAVES
    :: atomic { owner == me -> skip } atomic { released[me] = 1; goto begin }
#endif
    od;
    goto begin;

dies:
    goto begin;

ended:
    skip
}

init
{
    atomic {
        run router(0);
        run router(1)
    }
}
