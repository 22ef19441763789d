/* give_up - the environment is broken: the router says so in its log and exits with EX_TEMPFAIL, and the
 * supervisor starts it again. */
#ifndef FELUCCA_ROUTER_GIVE_UP_H
#define FELUCCA_ROUTER_GIVE_UP_H

/* doing: what cannot be done, as a sentence for the log. */
_Noreturn void give_up(const char *doing, const char *why);

#endif
