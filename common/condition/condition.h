/* condition - a boolean expression over one DICOM instance, compiled once and evaluated often.
 *
 * The language is the one that KARNAK's users write (docs/conditions.md). Everything that can be wrong with
 * an expression is found by condition_compile(); evaluation cannot fail: it answers true, false, or that it
 * cannot be decided, allocates nothing unbounded, and has no recursion over the heap. Pure: no input or output, no DICOM toolkit. Names of
 * attributes come from a condition_dictionary, values from condition_facts. A compiled condition is read-only
 * and may be used from several threads, each with facts of its own. */
#ifndef FELUCCA_CONDITION_CONDITION_H
#define FELUCCA_CONDITION_CONDITION_H

#include "common/condition/terms.h"

struct condition;

/* Compiles text. 0, or ERR_SYNTAX with *ret_error filled (release it with condition_error_release()). */
int condition_compile(const char *text, const struct condition_dictionary *dictionary,
                      struct condition **ret_condition, struct condition_error *ret_error);
void condition_destroy(struct condition **condition);

/* The expression as it was written, borrowed from the condition. */
const char *condition_text(const struct condition *condition);

/* Calls each(context, path, aspect) for all that an evaluation may ask of the instance's tags, some of it twice. */
void condition_each_question(const struct condition *condition,
                             void (*each)(void *context, const struct condition_path *path,
                                          enum condition_aspect aspect),
                             void *context);

/* Only CONDITION_TRUE may send or share anything. CONDITION_UNDECIDED: what the facts do not know could make
 * it true or false. */
enum condition_verdict condition_judge(const struct condition *condition,
                                       const struct condition_facts *facts);

/* Whether it is true for certain. What is not may be undecided: a negation of this answer means nothing. */
bool condition_holds(const struct condition *condition, const struct condition_facts *facts);

/* Appends why an undecided condition is: "#Tag.StudyDescription is not known: reading ended at offset 1,234
 * behind (0032,1060): the value there is cut". No value of the instance. */
void condition_tell_doubt(const struct condition *condition, const struct condition_dictionary *dictionary,
                          const struct condition_facts *facts, struct text *out);

#endif
