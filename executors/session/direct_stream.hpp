#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/stream.hpp"

/// Connections into a job's environment that carry bytes in both directions and nothing of the
/// job's log (executors/helper/protocol.hpp). `stream` is a new connection to the supervisor. The
/// environment's side ends with the stream that is answered, and with the job. Strand: the I/O
/// thread. Failures: kIo with the supervisor's sentence, and those of the stream.
namespace executors::session {

using OwnedStream = std::unique_ptr<protocol::http::ByteStream>;

/// A shell for people. Everything in it may be secret, as in a StageCommand.
struct TerminalCommand {
    std::vector<std::string> shells;     ///< empty: default_shells()
    std::vector<std::string> arguments;  ///< for the shell, for example "-l"
    std::map<std::string, std::string> environment;
    std::string cwd;   ///< where the shell begins, if the directory is there already
    std::string user;  ///< StageCommand::user
    unsigned rows = 24;
    unsigned columns = 80;
};

/// A shell with a terminal of its own.
base::Task<base::Result<OwnedStream>> open_terminal(OwnedStream stream, TerminalCommand command);
/// A TCP port that can be reached from the environment, where the names of services are known.
base::Task<base::Result<OwnedStream>> open_port(OwnedStream stream, std::string host,
                                                std::uint16_t port);

}  // namespace executors::session
