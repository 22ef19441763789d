/* proof - the secret by which a worker proves to the router that it is one.
 *
 * All processes run as one user, and whoever opens the work socket could call work done that nobody did. So the router
 * makes a secret at its start, in a file beside that socket ("…/run/work/sock.secret"), in the folder that only workers
 * are shown, and a worker sends it in HELLO. A new start is a new secret, which a worker reads again with each
 * HELLO. On tcp:// there is none: CURVE has proved the key of each connection. */
#ifndef FELUCCA_WIRE_PROOF_H
#define FELUCCA_WIRE_PROOF_H

#include <stdbool.h>

enum { PROOF_SIZE = 65 }; /* hex digits, and a NUL */

/* Makes a new one, readable for the group too where that is wanted. "" for tcp://. 0 or an error of the file
 * system. */
int proof_make(const char *endpoint, bool group, char ret_proof[PROOF_SIZE]);

/* The one of before, where none could be made: 0, or ERR_ABSENT where there is no whole one that is a file of our own
 * which nobody else may write. */
int proof_keep(const char *endpoint, char ret_proof[PROOF_SIZE]);

/* Reads it. "" where there is none, or where it cannot be read. */
void proof_read(const char *endpoint, char ret_proof[PROOF_SIZE]);

/* Whether what was shown is it; takes as long whatever it is. Nothing proves anything where there is no secret. */
bool proof_holds(const char *proof, const char *shown);

#endif
