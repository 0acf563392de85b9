#pragma once

#include <string>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// One question to an engine behind a unix socket, and its whole answer. Blocking; for programs of
/// their own, not for the supervisor's loop.
struct EngineReply {
    int status = 0;  ///< 0: no HTTP
    std::string body;
};

/// Throws Failure when nobody listens.
Fd connect_to_engine(const std::string& socket);
/// What comes until the end, at most a mebibyte.
EngineReply read_engine_reply(int fd);
/// `json` is the body, "" for none. Throws Failure when nobody listens.
EngineReply ask_engine(const std::string& socket, const std::string& method,
                       const std::string& path, const std::string& json = {});

}  // namespace executors::helper
