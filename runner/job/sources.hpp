#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/subprocess.hpp"
#include "base/task.hpp"
#include "executors/job_log.hpp"
#include "protocol/http/message.hpp"

namespace runner::job {

/// A job's files when git in its environment does not bring them: a tar that the supervisor
/// unpacks.
///
/// Life: fetch(), then archive(), both again for another attempt. Strand: the I/O thread.
class Sources {
  public:
    virtual ~Sources() = default;
    virtual base::Task<base::Result<void>> fetch(executors::JobLog& log) = 0;
    /// The tar's bytes; stays valid as long as this object.
    virtual base::Result<protocol::http::BodySource> archive(
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
