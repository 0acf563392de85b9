#include "executors/helper/bolt_reader.hpp"

#include <algorithm>
#include <cstring>

namespace executors::helper {

namespace {

constexpr std::uint16_t kBranch = 1;
constexpr std::uint16_t kLeaf = 2;
constexpr std::uint32_t kIsBucket = 1;
constexpr int kDeepest = 32;
constexpr std::int64_t kMostSteps = 4'000'000;

struct PageHeader {
    std::uint64_t id;
    std::uint16_t flags;
    std::uint16_t count;
    std::uint32_t overflow;  ///< how many pages more belong to it
};
static_assert(sizeof(PageHeader) == 16);

/// Positions count from the beginning of the element.
struct BranchElement {
    std::uint32_t position;
    std::uint32_t key_size;
    std::uint64_t page;
};
struct LeafElement {
    std::uint32_t flags;
    std::uint32_t position;
    std::uint32_t key_size;
    std::uint32_t value_size;
};
static_assert(sizeof(BranchElement) == 16 && sizeof(LeafElement) == 16);

/// The value of a bucket; behind it stands the page of an inline bucket, whose `root` is 0.
struct BucketHeader {
    std::uint64_t root;
    std::uint64_t sequence;
};

template <typename Record>
std::optional<Record> record_at(std::string_view bytes, std::size_t at) {
    Record record{};
    if (at > bytes.size() || bytes.size() - at < sizeof record) return std::nullopt;
    std::memcpy(&record, bytes.data() + at, sizeof record);
    return record;
}

/// Empty when it is not within the bytes.
std::string_view part(std::string_view bytes, std::size_t at, std::size_t size) {
    return at <= bytes.size() && size <= bytes.size() - at ? bytes.substr(at, size)
                                                           : std::string_view();
}

BoltBucket bucket_of(std::string_view value) {
    const auto header = record_at<BucketHeader>(value, 0);
    if (!header) return {};
    if (header->root != 0) return {header->root, {}};
    return {0, value.substr(sizeof(BucketHeader))};
}

}  // namespace

BoltBucket BoltReader::top() const { return root_ ? BoltBucket{root_->page, {}} : BoltBucket(); }

BoltBucket BoltReader::bucket(const BoltBucket& parent, std::string_view name) {
    BoltBucket found;
    each_bucket(parent, [&](std::string_view key, const BoltBucket& bucket) {
        if (key == name) found = bucket;
    });
    return found;
}

std::string_view BoltReader::value(const BoltBucket& parent, std::string_view name) {
    std::string_view found;
    each_value(parent, [&](std::string_view key, std::string_view value) {
        if (key == name) found = value;
    });
    return found;
}

void BoltReader::each_value(const BoltBucket& bucket, const UseValue& use) {
    each(bucket, [&](bool is_bucket, std::string_view key, std::string_view value) {
        if (!is_bucket) use(key, value);
    });
}

void BoltReader::each_bucket(const BoltBucket& bucket, const UseBucket& use) {
    each(bucket, [&](bool is_bucket, std::string_view key, std::string_view value) {
        if (is_bucket) use(key, bucket_of(value));
    });
}

void BoltReader::each(const BoltBucket& bucket, const Use& use) {
    read_page(bucket.page == 0 ? bucket.entries : page_at(bucket.page), 0, use);
}

void BoltReader::read_page(std::string_view page, int depth, const Use& use) {
    const auto header = record_at<PageHeader>(page, 0);
    if (!header || depth > kDeepest) return;
    if (header->flags == kBranch) read_branch(page, header->count, depth, use);
    if (header->flags == kLeaf) read_leaf(page, header->count, use);
}

void BoltReader::read_branch(std::string_view page, std::uint16_t count, int depth,
                             const Use& use) {
    for (std::size_t i = 0; i < count && ++steps_ < kMostSteps; ++i) {
        const std::size_t at = sizeof(PageHeader) + i * sizeof(BranchElement);
        const auto element = record_at<BranchElement>(page, at);
        if (!element) return;
        read_page(page_at(element->page), depth + 1, use);
    }
}

void BoltReader::read_leaf(std::string_view page, std::uint16_t count, const Use& use) {
    for (std::size_t i = 0; i < count && ++steps_ < kMostSteps; ++i) {
        const std::size_t at = sizeof(PageHeader) + i * sizeof(LeafElement);
        const auto element = record_at<LeafElement>(page, at);
        if (!element) return;
        const std::size_t key = at + element->position;
        use((element->flags & kIsBucket) != 0, part(page, key, element->key_size),
            part(page, key + element->key_size, element->value_size));
    }
}

std::string_view BoltReader::page_at(std::uint64_t number) const {
    if (!root_ || number >= file_.size() / root_->page_size) return {};
    const std::size_t at = number * root_->page_size;
    const auto header = record_at<PageHeader>(file_, at);
    if (!header) return {};
    const std::uint64_t pages = std::uint64_t{header->overflow} + 1;
    const std::uint64_t left = file_.size() - at;
    return file_.substr(at, std::min(left, pages * root_->page_size));
}

}  // namespace executors::helper
