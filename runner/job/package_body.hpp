#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "executors/session/session.hpp"
#include "protocol/http/message.hpp"

namespace runner::job {

/// A package of the job's environment (executors/helper/files_command.hpp) as the body of one try
/// of an upload; opened when its first bytes are asked for.
///
/// Life: `session` outlives it. Strand: the I/O thread.
class PackageBody {
  public:
    PackageBody(executors::session::Session& session, std::string path, std::string user)
        : session_(session), path_(std::move(path)), user_(std::move(user)) {}

    /// The name that the package's head gives its content; "" when nothing was packed.
    base::Task<base::Result<std::string>> open();
    /// The next bytes of the content; "" at the end.
    base::Task<base::Result<std::string>> next();

  private:
    executors::session::Session& session_;
    std::string path_;
    std::string user_;
    std::unique_ptr<executors::session::RemoteFile> file_;
};

protocol::http::BodySource body_of(std::shared_ptr<PackageBody> package);

}  // namespace runner::job
