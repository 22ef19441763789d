extern "C" {
#include "common/base/err.h"
#include "common/dicom/dictionary.h"
}

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace
{

struct entry {
    const char *keyword; /* without RETIRED_; borrowed from DCMTK's dictionary */
    uint32_t tag;
    bool retired;
};

/* Both orders of one list; written once by dictionary_load(), read-only afterwards. */
std::vector<entry> by_keyword, by_tag;

void add_entry(const DcmDictEntry *from)
{
    static const char retired[] = "RETIRED_";
    const char *name = from->getTagName();
    if (!name || from->getPrivateCreator() || from->getGroup() % 2 == 1 || from->getGroup() == 0 ||
        std::strncmp(name, "ACR_NEMA_", 9) == 0)
        return;
    bool is_retired = std::strncmp(name, retired, sizeof retired - 1) == 0;
    by_keyword.push_back({is_retired ? name + sizeof retired - 1 : name,
                          static_cast<uint32_t>(from->getGroup()) << 16 | from->getElement(), is_retired});
}

bool keyword_before(const entry &a, const entry &b)
{
    int order = std::strcmp(a.keyword, b.keyword);
    if (order != 0)
        return order < 0;
    return a.retired != b.retired ? b.retired : a.tag < b.tag;
}

bool tag_before(const entry &a, const entry &b)
{
    return a.tag != b.tag ? a.tag < b.tag : b.retired && !a.retired;
}

bool tag_of(void *, const char *keyword, uint32_t *ret_tag)
{
    auto found = std::lower_bound(
        by_keyword.begin(), by_keyword.end(), keyword,
        [](const entry &a, const char *wanted) { return std::strcmp(a.keyword, wanted) < 0; });
    if (found == by_keyword.end() || std::strcmp(found->keyword, keyword) != 0)
        return false;
    *ret_tag = found->tag;
    return true;
}

const char *keyword_of(void *, uint32_t tag)
{
    auto found = std::lower_bound(by_tag.begin(), by_tag.end(), tag,
                                  [](const entry &a, uint32_t wanted) { return a.tag < wanted; });
    return found != by_tag.end() && found->tag == tag ? found->keyword : nullptr;
}

void for_each(void *, void (*each)(void *closure, const char *keyword), void *closure)
{
    for (const entry &item : by_keyword)
        each(closure, item.keyword);
}

const condition_dictionary for_conditions = {nullptr, tag_of, keyword_of, for_each};

void load(const DcmDataDictionary &dictionary)
{
    DcmDataDictionary &source = const_cast<DcmDataDictionary &>(dictionary);
    by_keyword.clear();
    for (DcmHashDictIterator i = source.normalBegin(); i != source.normalEnd(); ++i)
        add_entry(*i);
    for (DcmDictEntryListIterator i = source.repeatingBegin(); i != source.repeatingEnd(); ++i)
        add_entry(*i);
    by_tag = by_keyword;
    std::sort(by_keyword.begin(), by_keyword.end(), keyword_before);
    std::sort(by_tag.begin(), by_tag.end(), tag_before);
}

} // namespace

int dictionary_load(void)
try {
    if (!by_keyword.empty())
        return 0;
    /* DCMTK would write to stderr what it finds in files, values included. */
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    const DcmDataDictionary &dictionary = dcmDataDict.rdlock();
    if (dictionary.isDictionaryLoaded())
        load(dictionary);
    dcmDataDict.rdunlock();
    return by_keyword.empty() ? ERR_ABSENT : 0;
} catch (...) {
    return ERR_NOMEM;
}

const struct condition_dictionary *dictionary_for_conditions(void)
{
    return &for_conditions;
}
