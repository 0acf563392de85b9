#pragma once

#include <string>

#include "executors/helper/posix.hpp"

namespace executors::helper {

/// Requests to an engine behind a unix socket. They block, so they are for processes of their own,
/// not for the supervisor's loop.
struct EngineReply {
    int status = 0;  ///< 0: the answer was not HTTP
    std::string body;
};

/// Throws Failure when nobody listens.
UniqueFd connect_to_engine(const std::string& socket);
/// Reads the answer until the end of the connection, at most 1 MiB.
EngineReply read_engine_reply(int fd);
/// Sends a request and reads the answer. `body`: of this type, "" for none. Throws Failure when
/// nobody listens.
EngineReply ask_engine(const std::string& socket, const std::string& method,
                       const std::string& path, const std::string& body = {},
                       const std::string& type = "application/json");

}  // namespace executors::helper
