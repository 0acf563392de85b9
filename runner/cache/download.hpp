#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/resumed_response.hpp"
#include "runner/cache/storage_calls.hpp"

namespace runner::cache {

/// The content of one object. When a connection breaks, the next one asks for the rest
/// (http::ResumedBody); an object that was replaced meanwhile is a failure (kConflict). A large
/// object that has an ETag is fetched in ranges, several at once, which are held in memory until it
/// is their turn: 16 MiB at most. One whose size is not known, and one of a storage that answers
/// the first range with the whole object, is fetched in one stream.
///
/// Life: open(), then next() until it returns "". `calls` outlive it. Strand: the I/O thread.
class Download {
  public:
    Download(StorageCalls& calls, std::string object, StoredObject found, TransferSizes sizes);

    base::Task<base::Result<void>> open();
    base::Task<base::Result<std::string>> next();

  private:
    struct Range {
        std::uint64_t begin = 0;
        std::optional<std::uint64_t> end = std::nullopt;  ///< that of the object, where not known
    };
    [[nodiscard]] bool in_ranges() const;
    [[nodiscard]] protocol::http::ResumedBody body_of(
        Range range, std::unique_ptr<protocol::http::StreamingResponse> first = nullptr) const;
    base::Task<base::Result<void>> open_in_ranges();
    base::Task<base::Result<void>> fetch_batch();
    base::Task<base::Result<void>> fetch_range(protocol::http::ResumedBody body,
                                               std::string& content);
    base::Task<base::Result<std::string>> next_of_batch();

    StorageCalls& calls_;
    std::string object_;
    StoredObject found_;
    std::uint64_t range_bytes_;
    unsigned at_once_;
    std::optional<protocol::http::ResumedBody> body_;         ///< of the whole object
    std::optional<protocol::http::ResumedBody> first_range_;  ///< open, not yet read
    std::deque<std::string> batch_;                           ///< ranges that were fetched
    std::uint64_t fetched_ = 0;                               ///< the end of the last range
};

}  // namespace runner::cache
