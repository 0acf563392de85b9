#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "executors/spec.hpp"

/// What a job and the custom executor's driver tell each other. A driver is a set of programs that
/// the administrator brings: they make an environment, run scripts in it, and remove it
/// (https://docs.gitlab.com/runner/executors/custom/).
namespace executors {

/// The exit codes that a driver may end with, besides 0. It reads them from variables.
inline constexpr int kBuildFailureExitCode = 1;
inline constexpr int kSystemFailureExitCode = 2;

/// What the driver's configuration changes of the job; what it does not name stays as it is.
struct DriverAnswer {
    std::optional<std::string> builds_dir;
    std::optional<std::string> cache_dir;
    std::optional<bool> builds_dir_is_shared;
    std::optional<std::string> hostname;
    std::optional<std::string> shell;
    std::string driver_name;                     ///< "" for none
    std::string driver_version;                  ///< "" for none
    std::map<std::string, std::string> job_env;  ///< for the driver's later calls
};

/// How scripts are run through a driver: a call of `program` on the daemon's machine for each.
struct ScriptDriver {
    std::string program;                 ///< a path
    std::vector<std::string> arguments;  ///< before the script's path and the stage's name
    std::vector<EnvironmentVariable> environment;
    std::string directory;                    ///< the driver's TMPDIR; on this machine, private
    std::string hostname;                     ///< of DriverAnswer, "" for none
    std::string shell;                        ///< of DriverAnswer, "" for none
    std::chrono::seconds graceful_kill{600};  ///< from TERM to KILL
    std::chrono::seconds force_kill{600};     ///< how long the end is waited for after KILL
};

/// The job as a driver sees it. Strand: the I/O thread.
class DriverJob {
  public:
    virtual ~DriverJob() = default;
    /// Follows the answer. Called before variables(); may be called again. Failures:
    /// kConfiguration when the job cannot run with it.
    virtual base::Result<void> configure(const DriverAnswer& answer) = 0;
    /// "CUSTOM_ENV_NAME" for each variable of the job; of file variables the content.
    [[nodiscard]] virtual std::vector<EnvironmentVariable> variables() const = 0;
};

/// The means by which a driver's end is judged. `code` and `signal` are those of the program (128 +
/// n and n after a signal). Answers the exit code for the job: 0, or that of `code_file`, where the
/// driver may have written the script's own. Failures: kIo, because the driver could not run what
/// it was given.
base::Result<int> job_exit_code(int code, int signal, const std::filesystem::path& code_file);

/// The name of a stage for a driver (docs.gitlab.com: "build_script" is the job's script).
std::string driver_stage_name(std::string_view stage);

}  // namespace executors
