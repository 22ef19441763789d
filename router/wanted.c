#include "router/wanted.h"

#include "common/config/config.h"
#include "router/search.h"
#include "router/shared.h"
#include "router/suspicion.h"

struct questions *wanted(struct router *router)
{
    const struct config *config = router->config;
    struct search_key key;
    struct questions *questions = questions_create();
    for (size_t i = 0; i < config->node_count; i++) {
        const struct config_node *node = &config->nodes[i];
        questions_add(questions, node->urgent);
        for (size_t j = 0; j < node->destination_count; j++) {
            const struct config_destination *destination = &node->destinations[j];
            questions_add(questions, destination->condition);
            for (size_t k = 0; k < destination->album_count; k++)
                questions_add(questions, destination->albums[k].condition);
        }
    }
    suspicion_ask(questions);
    if (config->retention_headers_ms > 0)
        questions_want_kept(questions);
    if (search_prepare(router, &key))
        questions_want_hashes(questions, &key);
    return questions;
}
