#include "common/config/fitting.h"

#include "common/dicom/uid.h"

static bool fits(const struct config_destination *destination, const char *uid)
{
    return !*uid || (destination->kheops ? uid_is_oid(uid) : uid_is_printable(uid));
}

bool fitting_can_be_taken(const struct config_node *node, const char *study, const char *series)
{
    for (size_t i = 0; i < node->destination_count; i++) {
        if (fits(&node->destinations[i], study) && fits(&node->destinations[i], series))
            return true;
    }
    return node->destination_count == 0;
}
