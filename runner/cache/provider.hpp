#pragma once

#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/object_storage/request.hpp"
#include "runner/cache/signed_url.hpp"

namespace runner::cache {

enum class Purpose { kDownload, kUpload };

/// How a storage takes an object in parts: as S3 (also Google's XML API), or as blocks (Azure).
enum class PartsKind { kMultipart, kBlocks };

/// How an object is sent: its first headers differ.
enum class Sending { kWhole, kParts };

/// What differs between the kinds of storages: addresses, signatures and credentials.
///
/// Life: of one job. Strand: the I/O thread; calls may overlap.
class Provider {
  public:
    using Request = protocol::object_storage::Request;

    virtual ~Provider() = default;
    /// A request for the object, not signed.
    [[nodiscard]] virtual Request request(const std::string& object) const = 0;
    /// The headers of the request that gives an object its metadata and its encryption: the one
    /// with the content; for parts, the one that begins a multipart upload or ends the blocks.
    [[nodiscard]] virtual protocol::object_storage::Fields object_headers(const std::string& key,
                                                                          Sending how) const = 0;
    [[nodiscard]] virtual PartsKind parts_kind() const { return PartsKind::kMultipart; }
    /// The request as the daemon sends it. It may have the daemon's credentials: it is for nobody
    /// else. Gets credentials where that is needed. `object` is the one that `request` is about.
    virtual base::Task<base::Result<Request>> authorise(Request request, Purpose purpose,
                                                        std::string object) = 0;
    /// An address for somebody else, who sends `request` with the headers that it has here. The
    /// message of an error has the remedy.
    virtual base::Task<base::Result<SignedUrl>> sign_url(Request request, Purpose purpose,
                                                         std::string object) = 0;
    /// The storage has refused what authorise() made. Answers whether it may give other credentials
    /// now.
    virtual bool doubt_credentials(Purpose purpose) = 0;
};

}  // namespace runner::cache
