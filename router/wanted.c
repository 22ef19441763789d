#include "router/wanted.h"

#include "router/suspicion.h"

struct questions *wanted(const struct config *config)
{
    struct questions *questions = questions_create();
    for (size_t i = 0; i < config->node_count; i++) {
        const struct config_node *node = &config->nodes[i];
        for (size_t j = 0; j < node->destination_count; j++) {
            const struct config_destination *destination = &node->destinations[j];
            questions_add(questions, destination->condition);
            for (size_t k = 0; k < destination->album_count; k++)
                questions_add(questions, destination->albums[k].condition);
        }
    }
    suspicion_ask(questions);
    return questions;
}
