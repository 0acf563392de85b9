#include "executors/shell/host_supervisor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "base/files.hpp"
#include "base/offload.hpp"
#include "base/random.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "executors/find_helper.hpp"
#include "executors/helper/protocol.hpp"
#include "protocol/http/client.hpp"

namespace executors::shell {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::chrono::seconds kStartLimit{20};
constexpr std::size_t kMaxMessage = 4096;

}  // namespace

HostSupervisor::HostSupervisor(boost::asio::any_io_executor executor, std::string helper)
    : executor_(std::move(executor)),
      helper_(helper.empty() ? executors::find_helper() : std::move(helper)) {}

void HostSupervisor::use_directory(std::filesystem::path directory) {
    directory_ = std::move(directory);
    halted_ = false;
}

Task<Result<void>> HostSupervisor::start(std::int64_t job_id,
                                         std::optional<std::vector<std::string>> environment) {
    auto made = base::make_directories(directory_, 0700);
    if (!made) co_return made.error();
    base::SubprocessOptions options;
    // A job of another GitLab server may have the same number.
    const std::string group = "runner-job-" + std::to_string(job_id) + "-" + base::random_hex(6);
    options.arguments = {helper_,    "supervise", "--dir", directory_.string(),
                         "--detach", "--cgroup",  group};
    options.errors_with_output = true;
    if (environment) {
        options.environment = std::move(*environment);
        options.inherit_environment = false;
    }
    auto running = base::run_to_end(executor_, std::move(options), kMaxMessage);
    auto end = co_await base::with_deadline(std::move(running), kStartLimit);
    if (!end) {
        co_return end.error().with_context("start the job's supervisor (" + helper_ +
                                           "; RUNNER_HELPER names another one)");
    }
    if (end->status != 0) {
        co_return base::make_error(ErrorKind::kIo, "start the job's supervisor " + helper_ + ": " +
                                                       std::string(base::trim(end->output)));
    }
    co_return Result<void>();
}

Task<Result<std::unique_ptr<protocol::http::ByteStream>>> HostSupervisor::connect() {
    // The path leads through the open directory, because a socket's address has only 107 bytes.
    const base::UniqueFd directory(::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) co_return base::errno_error("open " + directory_.string());
    std::string path =
        "/proc/self/fd/" + std::to_string(directory.get()) + "/" + std::string(helper::kSocketName);
    auto connecting = protocol::http::connect_unix(std::move(path));
    auto stream = co_await std::move(connecting);
    if (!stream)
        co_return stream.error().with_context("reach the supervisor in " + directory_.string());
    co_return std::move(stream);
}

Task<Result<void>> HostSupervisor::halt(std::chrono::seconds limit) {
    std::error_code code;
    if (halted_ || directory_.empty() || !std::filesystem::exists(directory_, code))
        co_return Result<void>();
    base::SubprocessOptions options;
    options.arguments = {helper_,      "reap",
                         "--dir",      directory_.string(),
                         "--limit-ms", std::to_string(std::chrono::milliseconds(limit).count())};
    options.errors_with_output = true;
    auto running = base::run_to_end(executor_, std::move(options), kMaxMessage);
    auto end = co_await base::with_deadline(std::move(running), limit + kStartLimit);
    if (!end) co_return end.error().with_context("end the job's processes");
    if (end->status != 0) {
        co_return base::make_error(
            ErrorKind::kIo, "end the job's processes: " + std::string(base::trim(end->output)));
    }
    halted_ = true;
    co_return Result<void>();
}

Task<Result<void>> HostSupervisor::remove() {
    if (directory_.empty()) co_return Result<void>();
    const std::function<std::string()> remove = [directory = directory_] {
        std::error_code failure;
        std::filesystem::remove_all(directory, failure);
        return failure ? failure.message() : std::string();
    };
    auto removed = co_await base::offload<std::string>(remove);
    if (!removed.empty()) {
        co_return base::make_error(ErrorKind::kIo,
                                   "remove " + directory_.string() + ": " + removed);
    }
    directory_.clear();
    co_return Result<void>();
}

}  // namespace executors::shell
