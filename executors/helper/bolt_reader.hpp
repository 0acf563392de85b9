#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "executors/helper/bolt_database.hpp"

namespace executors::helper {

/// A bucket of a bbolt database: the page of its entries, or these themselves where they are few.
struct BoltBucket {
    std::uint64_t page = 0;
    std::string_view entries;  ///< when `page` is 0
};

/// Reads a database of bbolt that no program has open. It may be hostile: what lies outside of the
/// file is left out, and so is what lies too deep. Source: the format of bbolt, version 2.
///
/// `file` is the whole content and outlives the reader and all that it answers.
class BoltReader {
  public:
    explicit BoltReader(std::string_view file) : file_(file), root_(find_bolt_root(file)) {}

    using UseValue = std::function<void(std::string_view key, std::string_view value)>;
    using UseBucket = std::function<void(std::string_view key, const BoltBucket& bucket)>;

    /// The bucket of all buckets; an empty one when the file is no database.
    [[nodiscard]] BoltBucket top() const;
    /// An empty one when there is none of this name.
    BoltBucket bucket(const BoltBucket& parent, std::string_view name);
    std::string_view value(const BoltBucket& parent, std::string_view name);
    void each_value(const BoltBucket& bucket, const UseValue& use);
    void each_bucket(const BoltBucket& bucket, const UseBucket& use);

  private:
    using Use = std::function<void(bool is_bucket, std::string_view key, std::string_view value)>;

    void each(const BoltBucket& bucket, const Use& use);
    void read_page(std::string_view page, int depth, const Use& use);
    void read_branch(std::string_view page, std::uint16_t count, int depth, const Use& use);
    void read_leaf(std::string_view page, std::uint16_t count, const Use& use);
    [[nodiscard]] std::string_view page_at(std::uint64_t number) const;

    std::string_view file_;
    std::optional<BoltRoot> root_;
    std::int64_t steps_ = 0;  ///< entries that were looked at: pages can name each other in circles
};

}  // namespace executors::helper
