/* work - a model of router and workers for spin: what the work protocol promises, whatever gets lost.
 *
 * One or two jobs (deliveries of two studies), one or two workers with one slot each, one destination. Messages
 * are lost, doubled and change places; requests fail or end without an answer; workers and router die; a living
 * worker is cut off for so long that its work is given to others. How
 * often any of these happens is bounded (TROUBLES), so that "in the end" means something. Every combination is
 * visited.
 *
 *   model                               code
 *   st, wid, given_to, given_in         rows of delivery: state and work, whose id names a session (router/crew.c)
 *   known, adopted, missed              memory of the router: seats and leases (router/crew.c)
 *   hand_out                            dispatch_turn(), then jobdb_commit(), then WORK (router/dispatch.c)
 *   take_hello, take_ping               crew_hello(), crew_check_held()
 *   say_gone, GONE                      crew_gone(): what PONG and WHO name as others' work; the worker stops it
 *   take_result                         outcome_take(): a lease's result, or a late one that counts if it says done
 *   expire                              crew_expire(): the lease of a worker that is silent: it is dead, or (a
 *                                       trouble) was cut off
 *   router dies                         its memory is gone, its rows are not; recover.c holds what is sending
 *   session, held, answered, done       struct worker and its holdings (common/worker/worker.c)
 *   stored                              what the destination has
 *
 * Left out: credit above one, batches, shares, back-off, time. A lease ends only when its worker is dead or cut
 * off, or has not listed it twice, and nothing is handed to a session that is known and dead: that a living worker
 * is heard in time, and a dead one not, is what the code's timers are for (they stand still while the router's
 * loop does, router/shared.h). A worker that hears nothing goes on with what it has. A PING goes out when everything that
 * came was taken, and not before the last one is gone, as the worker's turn has it.
 *
 * Promised (properties): nothing is said to be sent that the destination has not stored; what is acknowledged as
 * done is committed; no worker gets more than its slots; in the end everything is sent.
 *
 * Broken on purpose, to see that this is noticed (run.sh): ACK_FIRST acknowledges before it commits,
 * CREDIT_COUNTED adds to a credit instead of computing it, ANY_RESULT takes each result for done, NO_RESEND says
 * RESULT once, NO_HOLD forgets after a restart what was sending. */

#ifndef JOBS
#define JOBS 1
#endif
#ifndef WORKERS
#define WORKERS 2
#endif
#define HOLDINGS 3 /* one in hand, what is others' now, and results whose ACK got lost */
#ifndef TROUBLES
#define TROUBLES 2
#endif

#define QUEUED 0
#define SENDING 1
#define SENT 2
#define NOTHING 255

mtype = { WORK, RESULT, ACK, PING, HELLO, WHO, GONE };

/* kind, worker, session; RESULT: id, job, done; HELLO and PING: the ids in hand */
chan to_router = [3] of { mtype, byte, byte, byte, byte, byte };
/* kind, id, job */
chan to_worker[WORKERS] = [4] of { mtype, byte, byte };

byte troubles = TROUBLES;
bit was_cut_off;

/* the destination */
bit stored[JOBS];

/* rows of the router's database */
byte st[JOBS], wid[JOBS], given_to[JOBS], given_in[JOBS];
byte next_id = 1;

/* the router's memory */
byte known[WORKERS]; /* the session that said HELLO, 0: none */
bit adopted[JOBS];
byte missed[JOBS];
#ifdef CREDIT_COUNTED
byte credit[WORKERS];
#endif
byte waiting_job = NOTHING, waiting_worker, waiting_done; /* ACK_FIRST: acknowledged, not committed */

/* the workers' memory */
byte session[WORKERS];
byte held[WORKERS * HOLDINGS], held_job[WORKERS * HOLDINGS];
bit answered[WORKERS * HOLDINGS], done[WORKERS * HOLDINGS], told[WORKERS * HOLDINGS];

#define LEASED(j, w) (st[j] == SENDING && adopted[j] && given_to[j] == w && given_in[j] == known[w])
#if JOBS == 1
#define LEASES(w) LEASED(0, w)
#define ALL_SENT (st[0] == SENT)
#else
#define LEASES(w) (LEASED(0, w) + LEASED(1, w))
#define ALL_SENT (st[0] == SENT && st[1] == SENT)
#endif
#ifdef CREDIT_COUNTED
#define CREDIT(w) (credit[w] > 0)
#else
#define CREDIT(w) (LEASES(w) < 1)
#endif
#define OWN(w, i) ((w) * HOLDINGS + (i))

inline say_to_worker(w, kind, id, j)
{
    if
    :: nfull(to_worker[w]) -> to_worker[w]!kind(id, j)
    :: full(to_worker[w]) /* sends never block: it is lost */
    fi
}

inline queue_again(j)
{
    st[j] = QUEUED;
    wid[j] = 0;
    given_to[j] = 0;
    given_in[j] = 0;
    adopted[j] = 0;
    missed[j] = 0
}

/* ---- the router ---- */

inline hand_out(j, w)
{
    st[j] = SENDING;
    wid[j] = next_id;
    next_id++;
    assert(next_id < 50); /* no trouble makes for ever new works */
    given_to[j] = w;
    given_in[j] = known[w];
    adopted[j] = 1;
    missed[j] = 0;
#ifdef CREDIT_COUNTED
    credit[w]--;
#endif
    assert(LEASES(w) <= 1);
    say_to_worker(w, WORK, wid[j], j)
}

#define OTHERS(j, id) (st[j] != SENDING || wid[j] != id)
#if JOBS == 1
#define IS_GONE(id) (id != 0 && OTHERS(0, id))
#else
#define IS_GONE(id) (id != 0 && OTHERS(0, id) && OTHERS(1, id))
#endif

/* One id an answer, and none where something else waits to be taken: the next PING asks again. */
inline say_gone(w, first, second, third)
{
    if
    :: len(to_worker[w]) == 0 && IS_GONE(first) -> to_worker[w]!GONE(first, 0)
    :: len(to_worker[w]) == 0 && !IS_GONE(first) && IS_GONE(second) -> to_worker[w]!GONE(second, 0)
    :: len(to_worker[w]) == 0 && !IS_GONE(first) && !IS_GONE(second) && IS_GONE(third) -> to_worker[w]!GONE(third, 0)
    :: else
    fi
}

#define LISTED(j, a, b, c) (wid[j] == a || wid[j] == b || wid[j] == c)

inline take_hello(w, s, first, second, third)
{
#ifdef CREDIT_COUNTED
    if
    :: known[w] != s -> credit[w] = 1
    :: else
    fi;
#endif
    known[w] = s;
    j = 0;
    do
    :: j < JOBS ->
        if
        :: st[j] == SENDING && !adopted[j] && given_to[j] == w && given_in[j] == s ->
            adopted[j] = 1;
            missed[j] = (LISTED(j, first, second, third) -> 0 : 1);
#ifdef CREDIT_COUNTED
            credit[w] = 0
#endif
        :: else
        fi;
        j++
    :: j >= JOBS -> break
    od;
    say_gone(w, first, second, third)
}

inline take_ping(w, s, first, second, third)
{
    if
    :: known[w] != s -> say_to_worker(w, WHO, 0, 0)
    :: else ->
        j = 0;
        do
        :: j < JOBS ->
            if
            :: LEASED(j, w) && LISTED(j, first, second, third) -> missed[j] = 0
            :: LEASED(j, w) && !LISTED(j, first, second, third) ->
                missed[j]++;
                if
                :: missed[j] >= 2 ->
                    queue_again(j);
#ifdef CREDIT_COUNTED
                    credit[w]++
#endif
                :: else
                fi
            :: else
            fi;
            j++
        :: j >= JOBS -> break
        od
    fi;
    say_gone(w, first, second, third)
}

inline commit_result(j, good)
{
    if
    :: good && st[j] != SENT ->
        assert(stored[j]); /* no false sent */
        queue_again(j);
        st[j] = SENT
    :: !good && st[j] == SENDING -> queue_again(j)
    :: else
    fi
}

/* Whether it is the lease's result or a late one: a late one only counts when it says done. */
inline take_result(w, s, id, j, good)
{
#ifdef ANY_RESULT
    good = 1;
#endif
#ifdef CREDIT_COUNTED
    credit[w]++;
#endif
    if
    :: good || (st[j] == SENDING && wid[j] == id) ->
#ifdef ACK_FIRST
        waiting_job = j;
        waiting_done = good
#else
        commit_result(j, good)
#endif
    :: else
    fi;
    say_to_worker(w, ACK, id, j);
    if
    :: known[w] != s -> say_to_worker(w, WHO, 0, 0)
    :: else
    fi
}

inline router_dies()
{
    j = 0;
    do
    :: j < JOBS ->
        adopted[j] = 0;
        missed[j] = 0;
#ifdef NO_HOLD
        wid[j] = 0;
        given_to[j] = NOTHING;
#endif
        j++
    :: j >= JOBS -> break
    od;
    known[0] = 0;
    known[WORKERS - 1] = 0;
    waiting_job = NOTHING
}

#define CAN_HAND_OUT(j, w) (st[j] == QUEUED && waiting_job == NOTHING && known[w] == session[w] && CREDIT(w))
#define CAN_EXPIRE(j) (st[j] == SENDING && given_to[j] < WORKERS && session[given_to[j]] != given_in[j])
#define HANDS_OUT(j, w) CAN_HAND_OUT(j, w) -> hand_out(j, w)
/* Once: each makes the worker hold one more. */
#define CUT_OFF(j) !was_cut_off && troubles > 0 && st[j] == SENDING && adopted[j] -> troubles--; was_cut_off = 1; queue_again(j)
#define EXPIRES(j) CAN_EXPIRE(j) -> queue_again(j)

active proctype router()
{
    byte j, w, s, a, b, c;
end:
    do
    :: atomic { HANDS_OUT(0, 0) }
#if WORKERS > 1
    :: atomic { HANDS_OUT(0, 1) }
#endif
#if JOBS > 1
    :: atomic { HANDS_OUT(1, 0) }
    :: atomic { EXPIRES(1) }
#if WORKERS > 1
    :: atomic { HANDS_OUT(1, 1) }
#endif
#endif
    :: atomic { waiting_job == NOTHING && to_router?[HELLO, w, s, a, b, c] -> to_router?HELLO(w, s, a, b, c); take_hello(w, s, a, b, c); w = 0; s = 0; a = 0; b = 0; c = 0; j = 0 }
    :: atomic { waiting_job == NOTHING && to_router?[PING, w, s, a, b, c] -> to_router?PING(w, s, a, b, c); take_ping(w, s, a, b, c); w = 0; s = 0; a = 0; b = 0; c = 0; j = 0 }
    :: atomic { waiting_job == NOTHING && to_router?[RESULT, w, s, a, b, c] -> to_router?RESULT(w, s, a, b, c); take_result(w, s, a, b, c); w = 0; s = 0; a = 0; b = 0; c = 0; j = 0 }
    :: atomic { waiting_job != NOTHING -> commit_result(waiting_job, waiting_done); waiting_job = NOTHING }
    :: atomic { EXPIRES(0) }
    :: atomic { CUT_OFF(0) }
#if JOBS > 1
    :: atomic { CUT_OFF(1) }
#endif
    :: atomic { troubles > 0 -> troubles--; router_dies(); j = 0 }
    od
}

/* ---- a worker ---- */

inline find(w, id)
{
    i = 0;
    do
    :: i < HOLDINGS && held[OWN(w, i)] != id -> i++
    :: else -> break
    od
}

inline take_work(w, id, job)
{
    find(w, id);
    if
    :: i == HOLDINGS ->
        find(w, 0);
        if
        :: i < HOLDINGS ->
            held[OWN(w, i)] = id;
            held_job[OWN(w, i)] = job
        :: else -> assert(false) /* the model's holdings are too few */
        fi
    :: else
    fi
}

inline drop(w, i)
{
    held[OWN(w, i)] = 0;
    held_job[OWN(w, i)] = 0;
    answered[OWN(w, i)] = 0;
    done[OWN(w, i)] = 0;
    told[OWN(w, i)] = 0
}

inline take_ack(w, id)
{
    find(w, id);
    if
    :: i < HOLDINGS && answered[OWN(w, i)] ->
        assert(!done[OWN(w, i)] || st[held_job[OWN(w, i)]] == SENT); /* what is acknowledged is committed */
        drop(w, i)
    :: else
    fi
}

/* A result is told all the same: it may count. */
inline take_gone(w, id)
{
    find(w, id);
    if
    :: i < HOLDINGS && !answered[OWN(w, i)] -> drop(w, i)
    :: else
    fi
}

#define IN_HAND(w, i) (held[OWN(w, i)] != 0 && !answered[OWN(w, i)])
#define TO_TELL(w, i) (held[OWN(w, i)] != 0 && answered[OWN(w, i)] && len(to_router) < 3 && !(to_router??[RESULT, eval(w), eval(session[w]), eval(held[OWN(w, i)]), eval(held_job[OWN(w, i)]), eval(done[OWN(w, i)])]))

#ifdef SLOW_TIMERS
#define TELL_TIME(w) (len(to_worker[w]) == 0)
#else
#define TELL_TIME(w) true
#endif
#ifdef NO_RESEND
#define MAY_TELL(w, i) (TO_TELL(w, i) && TELL_TIME(w) && !told[OWN(w, i)])
#define TOLD(w, i) told[OWN(w, i)] = 1
#else
#define MAY_TELL(w, i) (TO_TELL(w, i) && TELL_TIME(w))
#define TOLD(w, i) skip
#endif

/* With SLOW_TIMERS a PING waits until nothing else happens by itself, the workers take turns, and a RESULT is said
 * when everything that came was taken: spin is fair to processes, not to the branches of a loop. */
#define BUSY(w) (IN_HAND(w, 0) || IN_HAND(w, 1) || IN_HAND(w, 2) || MAY_TELL(w, 0) || MAY_TELL(w, 1) || MAY_TELL(w, 2) || len(to_worker[w]) > 0)
#ifndef SLOW_TIMERS
#define PING_TIME(w) true
#define PINGED
#elif JOBS == 1 && WORKERS == 1
#define PING_TIME(w) (len(to_router) == 0 && waiting_job == NOTHING && !BUSY(0) && !CAN_HAND_OUT(0, 0) && !CAN_EXPIRE(0))
#define PINGED
#elif JOBS == 1
#define PING_TIME(w) (turn == w && len(to_router) == 0 && waiting_job == NOTHING && !BUSY(0) && !BUSY(1) && !CAN_HAND_OUT(0, 0) && !CAN_HAND_OUT(0, 1) && !CAN_EXPIRE(0))
#define PINGED ; turn = 1 - turn
byte turn;
#else
#define PING_TIME(w) (len(to_router) == 0 && waiting_job == NOTHING && !BUSY(0) && !CAN_HAND_OUT(0, 0) && !CAN_HAND_OUT(1, 0) && !CAN_EXPIRE(0) && !CAN_EXPIRE(1))
#define PINGED
#endif

#define REQUESTS(w, i) \
    :: atomic { IN_HAND(w, i) -> stored[held_job[OWN(w, i)]] = 1; done[OWN(w, i)] = 1; answered[OWN(w, i)] = 1 } \
    :: atomic { IN_HAND(w, i) && troubles > 0 -> troubles--; answered[OWN(w, i)] = 1 } \
    :: atomic { IN_HAND(w, i) && troubles > 0 -> troubles--; stored[held_job[OWN(w, i)]] = 1; answered[OWN(w, i)] = 1 }

#define TELLS(w, i) \
    :: atomic { MAY_TELL(w, i) -> to_router!RESULT(w, session[w], held[OWN(w, i)], held_job[OWN(w, i)], done[OWN(w, i)]); TOLD(w, i) }

proctype worker(byte w)
{
    byte i, id, job, any;
end:
    do
    :: atomic { to_worker[w]?WORK(id, job) -> take_work(w, id, job); id = 0; job = 0; i = 0 }
    :: atomic { to_worker[w]?ACK(id, job) -> take_ack(w, id); id = 0; job = 0; i = 0 }
    :: atomic { len(to_router) < 3 && to_worker[w]?[WHO, id, job] -> to_worker[w]?WHO(id, job); to_router!HELLO(w, session[w], held[OWN(w, 0)], held[OWN(w, 1)], held[OWN(w, 2)]) }
    :: atomic { to_worker[w]?GONE(id, job) -> take_gone(w, id); id = 0; job = 0; i = 0 }
    REQUESTS(w, 0)
    REQUESTS(w, 1)
    REQUESTS(w, 2)
    TELLS(w, 0)
    TELLS(w, 1)
    TELLS(w, 2)
    :: atomic { len(to_worker[w]) == 0 && !(to_router??[PING, eval(w), any, any, any, any]) && len(to_router) < 3 && !ALL_SENT && PING_TIME(w) ->
        to_router!PING(w, session[w], held[OWN(w, 0)], held[OWN(w, 1)], held[OWN(w, 2)]) PINGED }
    :: atomic { troubles > 0 -> troubles--; session[w]++; drop(w, 0); drop(w, 1); drop(w, 2);
        do
        :: nempty(to_worker[w]) -> to_worker[w]?_, _, _
        :: empty(to_worker[w]) -> break
        od }
    od
}

/* ---- the way between them ---- */

active proctype way()
{
    mtype kind;
    byte w, s, a, b, c;
end:
    do
    :: atomic { troubles > 0 && nempty(to_router) -> to_router?kind(w, s, a, b, c); troubles--; /* lost */
        kind = 0; w = 0; s = 0; a = 0; b = 0; c = 0 }
    :: atomic { troubles > 0 && nempty(to_router) && len(to_router) < 2 -> to_router?kind(w, s, a, b, c); troubles--; /* doubled */
        to_router!kind(w, s, a, b, c); to_router!kind(w, s, a, b, c); kind = 0; w = 0; s = 0; a = 0; b = 0; c = 0 }
    :: atomic { troubles > 0 && len(to_router) > 1 -> to_router?kind(w, s, a, b, c); troubles--; /* last instead of first */
        to_router!kind(w, s, a, b, c); kind = 0; w = 0; s = 0; a = 0; b = 0; c = 0 }
    :: atomic { troubles > 0 && nempty(to_worker[0]) -> to_worker[0]?kind(a, b); troubles--; kind = 0; a = 0; b = 0 }
#if WORKERS > 1
    :: atomic { troubles > 0 && nempty(to_worker[1]) -> to_worker[1]?kind(a, b); troubles--; kind = 0; a = 0; b = 0 }
#endif
    :: atomic { troubles > 0 && len(to_worker[0]) > 1 -> to_worker[0]?kind(a, b); troubles--; to_worker[0]!kind(a, b); kind = 0; a = 0; b = 0 }
#if WORKERS > 1
    :: atomic { troubles > 0 && len(to_worker[1]) > 1 -> to_worker[1]?kind(a, b); troubles--; to_worker[1]!kind(a, b); kind = 0; a = 0; b = 0 }
#endif
    od
}

init
{
    atomic {
        session[0] = 1;
        session[WORKERS - 1] = 1;
#if WORKERS > 1
        run worker(1);
#endif
        run worker(0)
    }
}

ltl sent { <> ALL_SENT }
