#pragma once

#include <cstdint>
#include <string>

#include "executors/session/session.hpp"
#include "protocol/http/message.hpp"

namespace runner::job {

/// `count` bytes of a file of the job's environment from `offset` on, as a body. The file is opened
/// when its first bytes are asked for; a body that is shorter ends early. `session` outlives it.
protocol::http::BodySource file_body(executors::session::Session& session, std::string path,
                                     std::string user, std::uint64_t offset, std::uint64_t count);

}  // namespace runner::job
