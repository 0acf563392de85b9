#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/subprocess.hpp"
#include "base/task.hpp"
#include "executors/job_log.hpp"
#include "protocol/http/message.hpp"

namespace runner::job {

/// A job's files as tars, when they do not come from a git server. The supervisor unpacks the tars.
///
/// Life: fetch(), then next_archive() until there is none; all again for another attempt. Strand:
/// the I/O thread.
class Sources {
  public:
    virtual ~Sources() = default;
    /// Fetches the files. Returns the exit code of the program that fetches them; the program has
    /// written its errors to the log.
    virtual base::Task<base::Result<int>> fetch(executors::JobLog& log) = 0;
    /// The bytes of the next tar, valid until the next call; nullopt after the last tar.
    virtual base::Result<std::optional<protocol::http::BodySource>> next_archive(
        const boost::asio::any_io_executor& executor) = 0;
};

/// What a program prints, as a body. An exit status that is not `good` or 0 is kIo at the end.
class ProgramBody {
  public:
    static base::Result<std::unique_ptr<ProgramBody>> start(
        const boost::asio::any_io_executor& executor, const base::SubprocessOptions& options,
        int good = 0);
    base::Task<base::Result<std::string>> next();

  private:
    ProgramBody(std::string name, std::unique_ptr<base::Subprocess> process, int good)
        : name_(std::move(name)), process_(std::move(process)), good_(good) {}

    std::string name_;
    std::unique_ptr<base::Subprocess> process_;
    int good_;
};

}  // namespace runner::job
