#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "executors/driver.hpp"

namespace executors::custom {

/// The files of one job's driver in a private directory, which is the driver's TMPDIR. They outlive
/// the daemon, so that a job can be taken up and its environment can always be cleaned up.
///
///     response.json   the job as the server sent it (0600)
///     answer.json     what config_exec printed (0600: it may hold credentials)
///     environment     the variables of the job for cleanup_exec, each ended by a zero byte (0600)
///
/// A plain value. Failures: those of base/files.hpp, with the path.
class DriverFiles {
  public:
    explicit DriverFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

    [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }
    [[nodiscard]] bool exist() const;
    /// Makes the directory, empty, with a copy of `payload` ("": none).
    base::Result<void> create(const std::filesystem::path& payload) const;
    void remove() const;

    [[nodiscard]] std::filesystem::path answer_file() const { return directory_ / "answer.json"; }
    [[nodiscard]] std::filesystem::path response_file() const {
        return directory_ / "response.json";
    }
    /// "" when config_exec was not called.
    [[nodiscard]] base::Result<std::string> read_answer() const;
    base::Result<void> save_environment(const std::vector<EnvironmentVariable>& variables) const;
    /// Empty when the job was not configured yet.
    [[nodiscard]] std::vector<std::string> read_environment() const;

  private:
    std::filesystem::path directory_;
};

/// The variables that each call of a driver gets besides those of the daemon itself and of the job.
std::vector<EnvironmentVariable> driver_variables(const DriverFiles& files);

/// "NAME=value" of each.
std::vector<std::string> entries_of(const std::vector<EnvironmentVariable>& variables);

}  // namespace executors::custom
