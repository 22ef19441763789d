#include "router/readers_answer.h"

void readers_answer_release(struct readers_answer *answer)
{
    reading_destroy(&answer->reading);
    text_release(&answer->reason);
}
