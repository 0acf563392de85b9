#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace runner::config {

/// An amount of a disk: a part of it, a fixed amount, or the smaller one of both. 0 stands for
/// "not given"; without both the amount is 0.
struct DiskAmount {
    double percent = 0;
    std::uint64_t fixed = 0;

    /// In the unit of `size`: bytes or inodes.
    [[nodiscard]] std::uint64_t of(std::uint64_t size) const;
};

/// What has to be free.
struct DiskMarks {
    DiskAmount collect_below;  ///< unused data is removed when less is free …
    DiskAmount collect_until;  ///< … until so much is free
    DiskAmount pause_below;    ///< no jobs are taken when less is free
};

/// The table [disk], as it is written.
struct DiskSettings {
    std::string collect_below = "15%, 50GB";
    std::string collect_until = "20%, 75GB";
    std::string pause_below = "5%, 5GB";
    std::string collect_below_inodes = "10%";
    std::string collect_until_inodes = "15%";
    std::string pause_below_inodes = "3%";

    /// kInvalidInput names the key.
    [[nodiscard]] base::Result<DiskMarks> space() const;
    [[nodiscard]] base::Result<DiskMarks> inodes() const;
    /// What is allowed, and hardly what was meant: sentences for people.
    [[nodiscard]] std::vector<std::string> doubts() const;
};

/// "10%", "20GB", "10%, 20GB", "0". kInvalidInput says what is expected.
base::Result<DiskAmount> parse_disk_amount(std::string_view text);
/// "10%", "100000", "10%, 100000", "0".
base::Result<DiskAmount> parse_inode_amount(std::string_view text);

}  // namespace runner::config
