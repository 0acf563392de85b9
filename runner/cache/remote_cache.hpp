#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/message.hpp"

namespace runner::cache {

/// An object as the storage describes it.
struct StoredObject {
    std::string etag;  ///< without line breaks; "" when the storage has none
    std::optional<std::uint64_t> bytes = std::nullopt;  ///< where the storage names it
};

/// An archive on its way to the storage.
struct Archive {
    std::uint64_t bytes = 0;
    /// The key as the job wrote it. The object keeps it as its metadata "cachekey".
    std::string key;
    /// `count` bytes of the archive from `offset` on. May be called several times and for several
    /// parts at once.
    std::function<protocol::http::BodySource(std::uint64_t offset, std::uint64_t count)> open;
};

enum class LinkPurpose { kRead, kWrite };

/// A signed address of one object, valid for a limited time: a secret.
struct ObjectLink {
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;  ///< that a PUT must have
};

/// How large objects are transferred.
struct TransferSizes {
    /// A larger object is sent in parts, and fetched in ranges, of this size or more.
    std::uint64_t part_bytes = 16ULL << 20U;
    unsigned at_once = 4;  ///< parts, or ranges

    /// Below this size, one request is enough.
    [[nodiscard]] std::uint64_t parts_from() const { return 4 * part_bytes; }
};

/// The sizes for a job's CACHE_CHUNK_SIZE and CACHE_CONCURRENCY; 0 for a default. What a storage
/// does not take, and what would cost too much memory, is left out. Pure.
TransferSizes transfer_sizes(std::int64_t chunk_bytes, std::int64_t concurrency);

/// The object storage of an entry's caches. The credentials stay here: what a job's environment
/// gets is bytes.
///
/// Life: of one job. It outlives its calls and the sources that it has answered. Strand: the I/O
/// thread. Failures that may be temporary are tried again, each try is told to the observer.
/// Failures: kNotFound (no such object), kForbidden (the storage refuses the credentials),
/// kUnavailable and kTimeout (all tries have failed), kProtocol, kConfiguration (no credentials),
/// kCancelled.
class RemoteCache {
  public:
    /// Why a try has failed, and the pause before the next.
    using RetryObserver =
        std::function<void(const base::Error& why, std::chrono::milliseconds pause)>;

    virtual ~RemoteCache() = default;
    /// Set before the first call.
    virtual void on_retry(RetryObserver observer) = 0;
    /// Set before the first call.
    virtual void set_sizes(TransferSizes sizes) = 0;
    /// The object's address without what is secret, for the job's log.
    [[nodiscard]] virtual std::string address(const std::string& object) const = 0;
    virtual base::Task<base::Result<StoredObject>> look(std::string object) = 0;
    /// The content of `found`, which look() has answered. A transfer that breaks goes on where it
    /// has stopped, as long as the object is the same.
    virtual base::Task<base::Result<protocol::http::BodySource>> fetch(std::string object,
                                                                       StoredObject found) = 0;
    virtual base::Task<base::Result<StoredObject>> store(std::string object, Archive archive) = 0;
    /// For a program elsewhere that moves the bytes itself (GET or PUT). `key`: Archive::key.
    virtual base::Task<base::Result<ObjectLink>> link(std::string object, LinkPurpose purpose,
                                                      std::string key) = 0;
};

}  // namespace runner::cache
