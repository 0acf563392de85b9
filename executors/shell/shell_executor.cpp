#include "executors/shell/shell_executor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/files.hpp"
#include "base/host_name.hpp"
#include "base/json.hpp"
#include "base/offload.hpp"
#include "base/random.hpp"
#include "base/stop_source.hpp"
#include "base/strings.hpp"
#include "base/subprocess.hpp"
#include "executors/find_helper.hpp"
#include "executors/helper/protocol.hpp"
#include "protocol/http/client.hpp"

namespace executors::shell {

using base::Error;
using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::chrono::seconds kStartLimit{20};
/// cleanup() tries again with its own limit.
constexpr std::chrono::seconds kHaltLimit{60};
constexpr std::size_t kMaxMessage = 4096;

bool has_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const auto& directory : base::split(path != nullptr ? path : "", ':')) {
        if (!directory.empty() && ::access((directory + "/" + name).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

class ShellExecutor final : public Executor {
  public:
    ShellExecutor(const boost::asio::any_io_executor& executor, const std::string& shell,
                  std::string helper_path)
        : executor_(executor),
          helper_(helper_path.empty() ? executors::find_helper() : std::move(helper_path)) {
        info_.description = base::host_name();
        info_.helper = find_helper();
        info_.login_arguments = {"-l"};
        if (shell == "sh") info_.shells = {"/usr/local/bin/sh", "/usr/bin/sh", "/bin/sh"};
    }

    Task<Result<void>> prepare(const JobEnvironment& job, JobLog& log) override {
        use_directory(job);
        const bool bash = info_.shells.empty() && has_program("bash");
        log.print(bash ? "Using Shell (bash) executor..." : "Using Shell (sh) executor...");
        auto made = base::make_directories(directory_, 0700);
        if (!made) co_return made.error();
        base::SubprocessOptions options;
        // A job of another GitLab server may have the same number.
        const std::string group =
            "runner-job-" + std::to_string(job.job_id) + "-" + base::random_hex(6);
        options.arguments = {helper_,    "supervise", "--dir", directory_.string(),
                             "--detach", "--cgroup",  group};
        options.errors_with_output = true;
        auto running = base::run_to_end(executor_, std::move(options), kMaxMessage);
        auto end = co_await base::with_deadline(std::move(running), kStartLimit);
        if (!end) {
            co_return end.error().with_context("start the job's supervisor (" + helper_ +
                                               "; RUNNER_HELPER names another one)");
        }
        if (end->status != 0) {
            co_return base::make_error(ErrorKind::kIo, "start the job's supervisor " + helper_ +
                                                           ": " +
                                                           std::string(base::trim(end->output)));
        }
        co_return Result<void>();
    }

    Task<Result<std::unique_ptr<protocol::http::ByteStream>>> connect() override {
        // The path leads through the open directory, because a socket's address has only 107 bytes.
        const base::UniqueFd directory(
            ::open(directory_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        if (!directory) co_return base::errno_error("open " + directory_.string());
        std::string path = "/proc/self/fd/" + std::to_string(directory.get()) + "/" +
                           std::string(helper::kSocketName);
        auto connecting = protocol::http::connect_unix(std::move(path));
        auto stream = co_await std::move(connecting);
        if (!stream)
            co_return stream.error().with_context("reach the supervisor in " + directory_.string());
        co_return std::move(stream);
    }

    [[nodiscard]] const EnvironmentInfo& info() const override { return info_; }

    [[nodiscard]] std::string saved_state() const override {
        return nlohmann::json{{"directory", directory_.string()}}.dump();
    }

    Task<Result<void>> restore(const JobEnvironment& job, const std::string& saved) override {
        use_directory(job);
        const auto json = nlohmann::json::parse(saved, nullptr, false);
        if (json.is_object() && json.contains("directory") && json["directory"].is_string()) {
            directory_ = json["directory"].get<std::string>();
        }
        auto connecting = connect();
        auto stream = co_await std::move(connecting);
        if (stream) co_return Result<void>();
        co_return base::make_error(
            ErrorKind::kNotFound,
            "the job's processes on this machine are gone: " + stream.error().message);
    }

    Task<Result<void>> halt() override {
        auto reaped = reap(kHaltLimit);
        auto result = co_await std::move(reaped);
        halted_ = result.has_value();
        co_return result;
    }

    Task<Result<void>> cleanup(std::chrono::seconds limit) override {
        if (!halted_) {
            auto reaped = reap(limit);
            auto result = co_await std::move(reaped);
            if (!result) co_return result;
        }
        auto removed = remove_directory();
        auto result = co_await std::move(removed);
        co_return result;
    }

  private:
    void use_directory(const JobEnvironment& job) {
        directory_ = std::filesystem::absolute(job.state_dir / "supervisor");
        halted_ = false;
    }

    /// Ends the job's processes and the supervisor.
    Task<Result<void>> reap(std::chrono::seconds limit) {
        std::error_code code;
        if (directory_.empty() || !std::filesystem::exists(directory_, code))
            co_return Result<void>();
        base::SubprocessOptions options;
        options.arguments = {
            helper_,      "reap",
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
        co_return Result<void>();
    }

    Task<Result<void>> remove_directory() {
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

    boost::asio::any_io_executor executor_;
    std::string helper_;
    std::filesystem::path directory_;
    EnvironmentInfo info_;
    bool halted_ = false;  ///< no process of the job is left
};

}  // namespace

std::unique_ptr<Executor> make_shell_executor(const boost::asio::any_io_executor& executor,
                                              const std::string& shell, std::string helper_path) {
    return std::make_unique<ShellExecutor>(executor, shell, std::move(helper_path));
}

}  // namespace executors::shell
