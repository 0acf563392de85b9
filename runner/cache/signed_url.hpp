#pragma once

#include <string>

#include "protocol/object_storage/request.hpp"

namespace runner::cache {

/// An address that opens one object for a limited time to everybody who has it, by its query alone.
/// A job may get it: it has none of the daemon's credentials but what a presigned address needs,
/// such as a session token of AWS without its key. A secret of the job all the same.
struct SignedUrl {
    std::string text;
};

/// `presigned`: what a signature in the query was added to. Its headers are not part of the
/// address. Pure.
SignedUrl signed_url(const protocol::object_storage::Request& presigned);

}  // namespace runner::cache
