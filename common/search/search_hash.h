/* search_hash - a keyed hash of a number that people look for: Accession Number, Patient ID or Study ID.
 *
 * The job database holds these hashes and never the numbers. Two numbers are one when they differ in nothing but
 * blanks at either end, the case of ASCII letters and the character set that they were written in: a number is UTF-8
 * here. Leading zeros and signs between the letters count. What kind of number it is goes into the hash, so that an
 * Accession Number never meets an equal Patient ID.
 *
 * A Patient ID with an issuer has two hashes: one alone, and one with its Issuer of Patient ID (0010,0021), as
 * "ID^^^ISSUER", which is how HL7 writes the two. */
#ifndef FELUCCA_SEARCH_SEARCH_HASH_H
#define FELUCCA_SEARCH_SEARCH_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEARCH_KEY_SIZE = 32, SEARCH_HASH_LENGTH = 64, SEARCH_HASH_SIZE = SEARCH_HASH_LENGTH + 1 };

struct search_key {
    uint8_t bytes[SEARCH_KEY_SIZE];
};

#define SEARCH_KIND_MAP(X)    \
    X(ACCESSION, "accession") \
    X(PATIENT, "patient")     \
    X(STUDY_ID, "study-id")

enum search_kind {
#define X(NAME, text) SEARCH_##NAME,
    SEARCH_KIND_MAP(X)
#undef X
        SEARCH_KINDS
};

/* "accession": how options call it, too. Borrowed for ever. */
const char *search_kind_name(enum search_kind kind);

/* 64 hexadecimal digits and a NUL. False: the number is nothing but blanks. */
bool search_hash(const struct search_key *key, enum search_kind kind, const char *number, size_t length,
                 char ret_hash[SEARCH_HASH_SIZE]);
/* The same of a Patient ID with its issuer; false, too, where the issuer is nothing but blanks. */
bool search_hash_issued(const struct search_key *key, const char *id, size_t id_length, const char *issuer,
                        size_t issuer_length, char ret_hash[SEARCH_HASH_SIZE]);

/* Whether it is of that form. */
bool search_is_hash(const char *text, size_t length);

#endif
