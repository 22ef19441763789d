/* lanes - a model of what the router lets be in flight at once, for spin: two series of one study, on their way to two
 * destinations of one origin, over two connections.
 *
 * Requests end in every way (all stored, nothing stored, stored without an answer, "the series cannot be put into the
 * album"); the trouble is bounded (TROUBLES), so that "in the end" means something.
 *
 *   model               code
 *   queued, known       rows of series (common/jobs/lane.c)
 *   flights             series.flights: requests in flight that have deliveries of it
 *   STUDY_KNOWN         jobdb_pick_lane(), with study_is_busy() of router/dispatch.c
 *   MAY_GO              the series that jobdb_pick_batch() takes
 *   ends                jobdb_end_batch(), then jobdb_open_lanes()
 *   there               what the server has of a series
 *
 * Promised: no request goes out beside another one while the server has nothing of the study, and none with a series of
 * which it has nothing while another one holds that; in the end everything is sent.
 *
 * Broken on purpose, to see that this is noticed (run.sh): NO_STUDY lets unknown studies go side by side, NO_FLIGHTS
 * forgets which series are in flight, NO_SIBLINGS does not look at the other destination, NO_LANDING never ends a
 * flight. */

#ifndef TROUBLES
#define TROUBLES 3
#endif
#define DESTINATIONS 2
#define SERIES 2
#define ROW(d, s) ((d) * SERIES + (s))

byte troubles = TROUBLES;
bit there[SERIES];
byte queued[4] = 2, flights[4];
bit known[4];

/* a connection: whose request it has, and how many deliveries of each series */
bit busy[2];
byte whose[2], holds[4];

#define STUDY_KNOWN (known[0] || known[1] || known[2] || known[3])
#ifdef NO_STUDY
#define LANE_MAY_GO(c) true
#else
#define LANE_MAY_GO(c) (STUDY_KNOWN || !busy[1 - (c)])
#endif
#ifdef NO_SIBLINGS
#define SIBLING(d, s) 0
#else
#define SIBLING(d, s) flights[ROW(1 - (d), s)]
#endif
#ifdef NO_FLIGHTS
#define OWN(d, s) 0
#else
#define OWN(d, s) flights[ROW(d, s)]
#endif
#define MAY_GO(d, s) (queued[ROW(d, s)] > 0 && (known[ROW(d, s)] || (OWN(d, s) == 0 && SIBLING(d, s) == 0)))
#define ALL_SENT (queued[0] + queued[1] + queued[2] + queued[3] == 0 && !busy[0] && !busy[1])

inline takes(c, d, s, n)
{
    assert(there[s] || holds[(1 - c) * SERIES + s] == 0); /* no two make the same series */
    holds[c * SERIES + s] = n;
    queued[ROW(d, s)] = queued[ROW(d, s)] - holds[c * SERIES + s];
    flights[ROW(d, s)]++
}

inline sets_out(c, d)
{
    assert(there[0] || there[1] || !busy[1 - c]); /* no two make the same study */
    busy[c] = 1;
    whose[c] = d
}

/* What became of one series of the request. */
inline series_ends(c, s, stored, refused)
{
    if
    :: holds[c * SERIES + s] > 0 ->
        if
        :: stored -> known[ROW(whose[c], s)] = 1
        :: else -> queued[ROW(whose[c], s)] = queued[ROW(whose[c], s)] + holds[c * SERIES + s]
        fi;
        if
        :: refused -> known[ROW(whose[c], s)] = 0
        :: else
        fi;
        holds[c * SERIES + s] = 0;
#ifndef NO_LANDING
        flights[ROW(whose[c], s)]--
#endif
    :: else
    fi
}

inline ends(c, stored, refused)
{
    series_ends(c, 0, stored, refused);
    series_ends(c, 1, stored, refused);
    busy[c] = 0;
    whose[c] = 0
}

inline server_stores(c)
{
    there[0] = there[0] || holds[c * SERIES + 0] > 0;
    there[1] = there[1] || holds[c * SERIES + 1] > 0
}

#define GOES(c, d) \
    :: atomic { !busy[c] && LANE_MAY_GO(c) && MAY_GO(d, 0) -> takes(c, d, 0, 1); sets_out(c, d) } \
    :: atomic { !busy[c] && LANE_MAY_GO(c) && MAY_GO(d, 1) -> takes(c, d, 1, queued[ROW(d, 1)]); sets_out(c, d) } \
    :: atomic { !busy[c] && LANE_MAY_GO(c) && MAY_GO(d, 0) && MAY_GO(d, 1) -> takes(c, d, 0, queued[ROW(d, 0)]); takes(c, d, 1, 1); sets_out(c, d) }

proctype connection(byte c)
{
end:
    do
    GOES(c, 0)
    GOES(c, 1)
    :: atomic { busy[c] -> server_stores(c) }; atomic { ends(c, 1, 0) }
    :: atomic { busy[c] && troubles > 0 -> troubles--; ends(c, 0, 0) }
    :: atomic { busy[c] && troubles > 0 -> troubles--; ends(c, 0, 1) }
    :: atomic { busy[c] && troubles > 0 -> troubles--; server_stores(c) }; atomic { ends(c, 0, 0) }
    od
}

init
{
    atomic {
        run connection(0);
        run connection(1)
    }
}

ltl sent { <> ALL_SENT }
