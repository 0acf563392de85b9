#include "executors/shell/shell_executor.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "base/host_name.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "base/strings.hpp"
#include "executors/find_helper.hpp"
#include "executors/shell/host_supervisor.hpp"

namespace executors::shell {

using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

/// cleanup() tries again with its own limit.
constexpr std::chrono::seconds kHaltLimit{60};

bool has_program(const std::string& name) {
    const char* path = std::getenv("PATH");
    for (const auto& directory : base::split(path != nullptr ? path : "", ':')) {
        if (!directory.empty() && ::access((directory + "/" + name).c_str(), X_OK) == 0)
            return true;
    }
    return false;
}

/// What of the daemon's environment is for every user: the rest may be root's alone, such as the
/// keys of a cloud or the socket of an agent.
std::vector<std::string> environment_for_another_user() {
    constexpr std::array<std::string_view, 8> kNames{
        "PATH", "LANG", "LANGUAGE", "TZ", "TERM", "SSL_CERT_FILE", "SSL_CERT_DIR", "no_proxy"};
    std::vector<std::string> kept;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::string_view name = text.substr(0, text.find('='));
        const std::string lower = base::to_lower(name);
        if (std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
            name.starts_with("LC_") || lower.ends_with("_proxy") || lower.ends_with("san_options"))
            kept.emplace_back(text);
    }
    return kept;
}

class ShellExecutor final : public Executor {
  public:
    ShellExecutor(const boost::asio::any_io_executor& executor, const ShellOptions& options)
        : supervisor_(executor, options.helper) {
        info_.description = base::host_name();
        info_.helper = find_helper();
        info_.login_arguments = {"-l"};
        info_.user = options.user;
        if (options.shell == "sh") info_.shells = {"/usr/local/bin/sh", "/usr/bin/sh", "/bin/sh"};
    }

    Task<Result<void>> prepare(const JobEnvironment& job, JobLog& log) override {
        use_directory(job);
        const bool bash = info_.shells.empty() && has_program("bash");
        log.print(bash ? "Using Shell (bash) executor..." : "Using Shell (sh) executor...");
        std::optional<std::vector<std::string>> environment;
        if (!info_.user.empty()) environment = environment_for_another_user();
        auto starting = supervisor_.start(job.job_id, std::move(environment));
        auto started = co_await std::move(starting);
        co_return started;
    }

    Task<Result<std::unique_ptr<protocol::http::ByteStream>>> connect() override {
        return supervisor_.connect();
    }

    [[nodiscard]] const EnvironmentInfo& info() const override { return info_; }

    [[nodiscard]] std::string saved_state() const override {
        return nlohmann::json{{"directory", supervisor_.directory().string()}, {"user", info_.user}}
            .dump();
    }

    Task<Result<void>> restore(const JobEnvironment& job, const std::string& saved) override {
        use_directory(job);
        const auto json = base::parse_foreign_json(saved);
        if (const std::string directory = base::text_at(json, "directory"); !directory.empty())
            supervisor_.use_directory(directory);
        info_.user = base::text_at(json, "user");
        auto connecting = connect();
        auto stream = co_await std::move(connecting);
        if (stream) co_return Result<void>();
        co_return base::make_error(
            ErrorKind::kNotFound,
            "the job's processes on this machine are gone: " + stream.error().message);
    }

    Task<Result<void>> halt() override { return supervisor_.halt(kHaltLimit); }

    Task<Result<void>> cleanup(std::chrono::seconds limit) override {
        auto halting = supervisor_.halt(limit);
        auto halted = co_await std::move(halting);
        if (!halted) co_return halted;
        auto removing = supervisor_.remove();
        auto removed = co_await std::move(removing);
        co_return removed;
    }

  private:
    void use_directory(const JobEnvironment& job) {
        supervisor_.use_directory(std::filesystem::absolute(job.state_dir / "supervisor"));
    }

    HostSupervisor supervisor_;
    EnvironmentInfo info_;
};

}  // namespace

std::unique_ptr<Executor> make_shell_executor(const boost::asio::any_io_executor& executor,
                                              const ShellOptions& options) {
    return std::make_unique<ShellExecutor>(executor, options);
}

}  // namespace executors::shell
