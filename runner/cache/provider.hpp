#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/object_storage/request.hpp"

namespace runner::cache {

enum class Purpose { kDownload, kUpload };

/// What differs between the kinds of storages: addresses, signatures and credentials.
///
/// Life: of one job. Strand: the I/O thread; calls may overlap.
class Provider {
  public:
    using Request = protocol::object_storage::Request;

    virtual ~Provider() = default;
    /// A request for the object, not signed.
    [[nodiscard]] virtual Request request(const std::string& object) const = 0;
    /// The headers with which an object begins: metadata, encryption.
    [[nodiscard]] virtual protocol::object_storage::Fields object_headers(
        const std::string& key) const = 0;
    /// Gets credentials where that is needed. `object` is the one that `request` is about.
    virtual base::Task<base::Result<Request>> sign(Request request, Purpose purpose,
                                                   std::string object) = 0;
};

}  // namespace runner::cache
