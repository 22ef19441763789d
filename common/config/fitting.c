#include "common/config/fitting.h"

#include "common/dicom/uid.h"

#include <string.h>

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

const char *fitting_uid_objection(const struct config_destination *destination, const char *study,
                                  const char *series)
{
    if (!destination->kheops || (uid_is_oid(study) && uid_is_oid(series)))
        return NULL;
    return "its study or series UID is no object identifier, and KHEOPS takes nothing else";
}

bool fitting_class_is_wanted(const struct config_destination *destination, const char *sop_class)
{
    for (size_t i = 0; sop_class && i < destination->sop_class_count; i++) {
        if (strcmp(destination->sop_classes[i], sop_class) == 0)
            return true;
    }
    return destination->sop_class_count == 0;
}
