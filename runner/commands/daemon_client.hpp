#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "runner/commands/arguments.hpp"

namespace runner::commands {

/// --config and --socket, with which a command finds the daemon.
std::vector<Flag> daemon_flags();

/// Where the daemon's control socket may be, the likeliest first. `given`: the configuration was
/// named, and did not follow from the user. Pure.
std::vector<std::filesystem::path> socket_places(const std::filesystem::path& config,
                                                 const std::filesystem::path& state_dir, bool given,
                                                 bool root);

/// Speaks to the daemon of this machine over its control socket. Every call blocks; SIGINT and
/// SIGTERM end a call with kCancelled.
///
/// Failures: kUnavailable when no daemon listens, kForbidden when this user may not speak to it,
/// else what the daemon answered (kNotFound, kConflict, …), each with the remedy.
class DaemonClient {
  public:
    static base::Result<std::unique_ptr<DaemonClient>> open(const Values& values);
    ~DaemonClient();
    DaemonClient(const DaemonClient&) = delete;
    DaemonClient& operator=(const DaemonClient&) = delete;

    base::Result<std::string> get(const std::string& target);
    base::Result<nlohmann::json> get_json(const std::string& target);
    base::Result<nlohmann::json> post(const std::string& target);
    /// Gives the pieces of an answer to `take` as they come, until its end, or until `take` answers
    /// false.
    base::Result<void> follow(const std::string& target,
                              const std::function<base::Result<bool>(std::string_view)>& take);
    /// Returns true after `time`, false when SIGINT or SIGTERM came.
    bool pause(std::chrono::milliseconds time);
    [[nodiscard]] const std::filesystem::path& socket() const;

  private:
    class Impl;
    explicit DaemonClient(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// "?runner=NAME", or "" without a name.
std::string runner_query(const std::string& name);
/// --runner, for commands about a job.
Flag runner_of_job_flag();
/// kInvalidInput for a word that is no number of a job.
base::Result<void> check_job_number(const std::string& word);

}  // namespace runner::commands
