#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "runner/cache/remote_cache.hpp"
#include "runner/cache/storage_calls.hpp"

namespace runner::cache {

/// Sends a large archive in parts, several at once: as a multipart upload (S3, and Google's XML
/// API, which is the same), or as blocks (Azure). A part that fails for a while is sent again alone
/// (StorageCalls). An upload that cannot be finished is aborted, also after a stop, so that its
/// parts are not stored and paid for; the blocks of Azure end by themselves.
///
/// Facts: "Multipart upload limits" of Amazon S3 (10,000 parts), "XML API multipart uploads" of
/// Google Cloud Storage, "Put Block List" of Azure.
///
/// Life: run() once. `calls` outlive it. Strand: the I/O thread. Failures: RemoteCache.
class PartedUpload {
  public:
    PartedUpload(StorageCalls& calls, std::string object, Archive archive, TransferSizes sizes);

    base::Task<base::Result<StoredObject>> run();

  private:
    [[nodiscard]] bool has_blocks() const;
    [[nodiscard]] Call call(std::string method) const;
    /// What names a part in the last request: its ETag, or its block.
    [[nodiscard]] std::string block_name(std::size_t index) const;
    base::Task<base::Result<void>> begin();
    base::Task<base::Result<StoredObject>> send_and_finish();
    base::Task<base::Result<void>> send_rest();
    base::Task<base::Result<void>> send_part(std::size_t index);
    [[nodiscard]] Call last_call() const;
    base::Task<base::Result<StoredObject>> finish();
    base::Task<base::Result<void>> abort();
    base::Task<void> abort_after(std::string why);

    StorageCalls& calls_;
    std::string object_;
    Archive archive_;
    std::uint64_t part_bytes_;
    unsigned at_once_;
    std::string id_;                  ///< of the upload
    std::vector<std::string> names_;  ///< of the parts that were sent
    std::size_t next_ = 0;
};

/// The size of the parts of an archive: `wanted`, or more where that would be too many parts. Pure.
std::uint64_t part_bytes_for(std::uint64_t archive_bytes, std::uint64_t wanted);

}  // namespace runner::cache
