#include "router/collision.h"

bool collision_is_spared(const struct collision *collision)
{
    bool is_new = collision->others || collision->stored_at == 0 ||
                  collision->now - collision->stored_at < COLLISION_NEW_MS;
    bool recent = collision->since == 0 || collision->now - collision->since < COLLISION_PATIENCE_MS;
    return is_new && recent;
}
