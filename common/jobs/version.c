#include "common/jobs/version.h"

#include "common/base/cleanup.h"
#include "common/base/receipt.h"
#include "common/jobs/item.h"
#include "common/jobs/row.h"

/* clang-format off */
#define STATEMENTS(X) \
    X(FIND_NEWER, "", \
      "SELECT max(i.receipt) FROM instance i" \
      " CROSS JOIN delivery w ON w.instance_id = i.id AND w.destination_id = ?2" \
      " WHERE i.sop_instance = ?1 AND w.state = 'sent'" \
      " AND " RECEIPT_ORDER("i.receipt", "i.id") " > " RECEIPT_ORDER("?3", "?4"))
/* clang-format on */
JOBDB_STATEMENTS(version)

bool jobdb_find_newer(struct jobdb *db, const char *sop_instance, const char *receipt, int64_t instance_id,
                      int64_t destination_id, char *ret_receipt)
{
    AUTO(row_end)
    struct row row =
        jobdb_query(db, SQL_FIND_NEWER, "sisi", sop_instance, destination_id, receipt, instance_id);
    if (!row_next(&row) || row_is_null(&row))
        return false;
    row_copy(&row, ret_receipt, RECEIPT_SIZE);
    return true;
}
