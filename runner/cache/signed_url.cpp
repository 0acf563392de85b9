#include "runner/cache/signed_url.hpp"

namespace runner::cache {

SignedUrl signed_url(const protocol::object_storage::Request& presigned) {
    // Without the scheme's own port: the signature counts for that Host header.
    const bool secure = presigned.origin.scheme == protocol::http::Scheme::kHttps;
    return {(secure ? "https://" : "http://") + presigned.origin.authority() +
            protocol::object_storage::target_of(presigned)};
}

}  // namespace runner::cache
