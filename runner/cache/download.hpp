#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/cache/storage_calls.hpp"

namespace runner::cache {

/// The content of one object. When the connection breaks, the next one asks for the rest; an object
/// that was replaced meanwhile is a failure (kConflict).
///
/// Life: open(), then next() until it returns "". `calls` outlive it. Strand: the I/O thread.
class Download {
  public:
    Download(StorageCalls& calls, std::string object, StoredObject found)
        : calls_(calls), object_(std::move(object)), found_(std::move(found)) {}

    base::Task<base::Result<void>> open();
    base::Task<base::Result<std::string>> next();

  private:
    [[nodiscard]] Call call() const;
    base::Task<base::Result<void>> open_once();
    base::Task<base::Result<std::string>> read();

    StorageCalls& calls_;
    std::string object_;
    StoredObject found_;
    std::unique_ptr<protocol::http::StreamingResponse> answer_;
    std::uint64_t offset_ = 0;
    unsigned failures_ = 0;  ///< since bytes came last
};

}  // namespace runner::cache
