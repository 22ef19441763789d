/* serve - reads, or judges, the headers that the router asks for, one after the other. */
#ifndef FELUCCA_HEADER_SERVE_H
#define FELUCCA_HEADER_SERVE_H

/* Until the router is gone: 0. ERR_SYNTAX: who asks is no router of this version. */
int serve(int socket);

#endif
