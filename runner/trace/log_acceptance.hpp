#pragma once

#include <cstddef>
#include <cstdint>

#include "protocol/gitlab/responses.hpp"

namespace runner::trace {

/// What the server's answers to patches say of the whole log: how large a patch may be, and whether
/// the server takes the log at all. Pure.
///
/// A patch that is too large (413, often the limit of a proxy) is repeated with half of its bytes.
/// The size does not grow again, because such a limit is a setting. Some peers end the connection
/// instead of an answer, and over a slow line the answer does not come in time: from the second
/// patch in a row without an answer on, the next one is smaller, too, but not below
/// kMinUnansweredBytes. A refusal that another try does not change (400, 405, …) ends the log when
/// it comes kMaxRefusals times in a row.
class LogAcceptance {
  public:
    static constexpr std::size_t kMinPatchBytes = 1024;
    static constexpr std::size_t kMinUnansweredBytes = 64 * 1024;
    static constexpr int kMaxRefusals = 3;

    explicit LogAcceptance(std::size_t max_patch_bytes) : patch_bytes_(max_patch_bytes) {}

    /// A patch of `bytes` was answered.
    void answered(const protocol::gitlab::PatchResult& result, std::uint64_t bytes);
    /// The most bytes of the next patch.
    [[nodiscard]] std::size_t patch_bytes() const { return patch_bytes_; }
    [[nodiscard]] bool refused() const { return refusals_ >= kMaxRefusals; }
    /// A log that was refused may be tried once more.
    void allow_one_more();

  private:
    void halve(std::uint64_t bytes, std::size_t floor);

    std::size_t patch_bytes_;
    int refusals_ = 0;    ///< in a row
    int unanswered_ = 0;  ///< in a row
};

}  // namespace runner::trace
