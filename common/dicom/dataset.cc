extern "C" {
#include "common/base/cleanup.h"
#include "common/base/err.h"
#include "common/dicom/dataset.h"
}

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcerror.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/oflog/oflog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>
#include <vector>

/* Values longer than this stay in the file; most of what conditions ask for is shorter. */
static const Uint32 LOADED_MAX = 4096;

struct dataset {
    DcmFileFormat file;
    uint32_t pixel_data = 0;
    /* The top level in order of tags: DCMTK's own search walks a list. */
    std::vector<std::pair<uint32_t, DcmElement *>> index;
};

namespace
{

/* DCMTK's log would show values of the file. Its own flags are process-wide, so this is done once. */
void silence()
{
    static const bool done = (OFLog::configure(OFLogger::OFF_LOG_LEVEL), true);
    (void)done;
}

int check_file(const char *path, struct text *ret_reason)
{
    AUTO(fd_close) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0) {
        int error = errno;
        text_format(ret_reason, "cannot be opened: %s", std::strerror(error));
        return err_from_errno(error);
    }
    if (!S_ISREG(status.st_mode)) {
        text_append(ret_reason, "is not a regular file");
        return ERR_IO;
    }
    return 0;
}

/* DCMTK takes a disk that fails for a file that ends. */
class CheckedProducer : public DcmFileProducer
{
  public:
    explicit CheckedProducer(const char *path) : DcmFileProducer(path)
    {
    }
    offile_off_t read(void *bytes, offile_off_t length) override
    {
        offile_off_t got = DcmFileProducer::read(bytes, length);
        failed_ = failed_ || (got < length && !eos());
        return got;
    }
    bool failed() const
    {
        return failed_;
    }

  private:
    bool failed_ = false;
};

class CheckedStream : public DcmInputStream
{
  public:
    explicit CheckedStream(const char *path) : DcmInputStream(&producer_), path_(path), producer_(path)
    {
    }
    /* For values that stay in the file until they are asked for. */
    DcmInputStreamFactory *newFactory() const override
    {
        return currentProducer() == &producer_ ? new DcmInputFileStreamFactory(path_, tell()) : nullptr;
    }
    bool failed() const
    {
        return producer_.failed();
    }

  private:
    const char *path_; /* borrowed */
    CheckedProducer producer_;
};

/* Reading stopped behind the header of an element that is pixel data or stands after it: look at it again. */
uint32_t pixel_data_ahead(DcmInputStream &stream, E_TransferSyntax syntax)
{
    unsigned char bytes[12];
    stream.putback();
    if (stream.read(bytes, sizeof bytes) != static_cast<offile_off_t>(sizeof bytes))
        return 0;
    DcmXfer transfer(syntax);
    bool big = transfer.getByteOrder() == EBO_BigEndian;
    auto word = [&](size_t at) {
        return big ? bytes[at] << 8 | bytes[at + 1] : bytes[at + 1] << 8 | bytes[at];
    };
    size_t length_at = transfer.isExplicitVR() ? 8 : 4;
    bool empty = word(length_at) == 0 && word(length_at + 2) == 0;
    int element = word(2);
    if (word(0) != 0x7FE0 || empty || (element != 0x0008 && element != 0x0009 && element != 0x0010))
        return 0;
    return 0x7FE00000u | static_cast<uint32_t>(element);
}

void make_index(DcmDataset &root, struct dataset &dataset)
{
    dataset.index.reserve(root.card());
    for (DcmObject *next = root.nextInContainer(nullptr); next; next = root.nextInContainer(next))
        dataset.index.emplace_back(static_cast<uint32_t>(next->getGTag()) << 16 | next->getETag(),
                                   static_cast<DcmElement *>(next));
    auto before = [](const auto &a, const auto &b) { return a.first < b.first; };
    if (!std::is_sorted(dataset.index.begin(), dataset.index.end(), before))
        std::stable_sort(dataset.index.begin(), dataset.index.end(), before);
}

int explain(const OFCondition &condition, struct text *ret_reason)
{
    if (condition == EC_InvalidStream || condition == EC_StreamNotifyClient || condition == EC_EndOfStream)
        text_append(ret_reason, "is not DICOM, or ends in the middle of its data set");
    else /* never DCMTK's own text, which may hold a value */
        text_format(ret_reason, "is not DICOM, or broken (DCMTK's error %u:%u)", condition.module(),
                    condition.code());
    return ERR_SYNTAX;
}

int read_into(struct dataset &dataset, const char *path, struct text *ret_reason)
{
    CheckedStream stream(path);
    if (stream.status().bad()) {
        text_append(ret_reason, "cannot be read");
        return ERR_IO;
    }
    dataset.file.transferInit();
    OFCondition condition =
        dataset.file.readUntilTag(stream, EXS_Unknown, EGL_noChange, LOADED_MAX, DcmTagKey(0x7FE0, 0x0008));
    dataset.file.transferEnd();
    if (stream.failed()) { /* whatever was made of it: the file may be as good as ever */
        text_append(ret_reason, "cannot be read");
        return ERR_IO;
    }
    if (condition.bad())
        return explain(condition, ret_reason);
    DcmDataset *root = dataset.file.getDataset();
    if (!stream.eos())
        dataset.pixel_data = pixel_data_ahead(stream, root->getOriginalXfer());
    /* Zeros parse as elements of group 0000, which no file has. */
    DcmObject *first = root->nextInContainer(nullptr);
    bool commands = first && first->getGTag() == 0;
    if (commands || (root->card() == 0 && dataset.pixel_data == 0)) {
        text_append(ret_reason, "holds no data set");
        return ERR_SYNTAX;
    }
    make_index(*root, dataset);
    return 0;
}

DcmItem *item_of(const struct dataset_item *item)
{
    return reinterpret_cast<DcmItem *>(const_cast<struct dataset_item *>(item));
}

DcmElement *element_of(const struct dataset_element *element)
{
    return reinterpret_cast<DcmElement *>(const_cast<struct dataset_element *>(element));
}

const struct dataset_item *as_item(const DcmItem *item)
{
    return reinterpret_cast<const struct dataset_item *>(item);
}

} // namespace

int dataset_read(const char *path, struct dataset **ret_dataset, struct text *ret_reason)
try {
    silence();
    int error = check_file(path, ret_reason);
    if (error)
        return error;
    struct dataset *dataset = new struct dataset;
    error = read_into(*dataset, path, ret_reason);
    if (error)
        dataset_destroy(&dataset);
    else
        *ret_dataset = dataset;
    return error;
} catch (...) {
    text_append(ret_reason, "is broken: DCMTK gave it up");
    return ERR_SYNTAX;
}

void dataset_destroy(struct dataset **dataset)
{
    delete *dataset;
    *dataset = nullptr;
}

uint32_t dataset_pixel_data(const struct dataset *dataset)
{
    return dataset->pixel_data;
}

const struct dataset_element *dataset_top(const struct dataset *dataset, uint32_t tag)
{
    if (tag >> 16 == 2)
        return dataset_find(as_item(const_cast<struct dataset *>(dataset)->file.getMetaInfo()), tag);
    auto found = std::lower_bound(dataset->index.begin(), dataset->index.end(), tag,
                                  [](const auto &entry, uint32_t wanted) { return entry.first < wanted; });
    if (found == dataset->index.end() || found->first != tag)
        return nullptr;
    return reinterpret_cast<const struct dataset_element *>(found->second);
}

const struct dataset_element *dataset_find(const struct dataset_item *item, uint32_t tag)
try {
    DcmElement *element = nullptr;
    DcmTagKey key(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
    if (!item || item_of(item)->findAndGetElement(key, element).bad())
        return nullptr;
    return reinterpret_cast<const struct dataset_element *>(element);
} catch (...) {
    return nullptr;
}

const char *dataset_element_vr(const struct dataset_element *element)
{
    return DcmVR(element_of(element)->ident()).getValidVRName();
}

size_t dataset_element_length(const struct dataset_element *element)
{
    DcmElement *from = element_of(element);
    return from->ident() == EVR_SQ ? 0 : from->getLengthField();
}

bool dataset_element_copy(const struct dataset_element *element, void *buffer, size_t length)
try {
    DcmElement *from = element_of(element);
    return length <= dataset_element_length(element) &&
           (length == 0 || from->getPartialValue(buffer, 0, static_cast<Uint32>(length)).good());
} catch (...) {
    return false;
}

const struct dataset_item *dataset_element_item(const struct dataset_element *element,
                                                const struct dataset_item *previous)
try {
    DcmElement *from = element_of(element);
    if (from->ident() != EVR_SQ)
        return nullptr;
    DcmObject *next = static_cast<DcmSequenceOfItems *>(from)->nextInContainer(item_of(previous));
    return as_item(static_cast<DcmItem *>(next));
} catch (...) {
    return nullptr;
}
