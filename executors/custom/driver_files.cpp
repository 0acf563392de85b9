#include "executors/custom/driver_files.hpp"

#include <system_error>

#include "base/files.hpp"
#include "base/strings.hpp"

namespace executors::custom {

using base::Result;

namespace {

constexpr const char* kEnvironmentFile = "environment";
constexpr mode_t kPrivate = 0600;
/// The answer is some settings; the environment has all variables of a job.
constexpr std::size_t kMostAnswerBytes = 1024UL * 1024;
constexpr std::size_t kMostEnvironmentBytes = 64UL * 1024 * 1024;

}  // namespace

bool DriverFiles::exist() const {
    std::error_code ignored;
    return !directory_.empty() && std::filesystem::exists(directory_, ignored);
}

void DriverFiles::remove() const {
    std::error_code ignored;  // the journal's removal finds what is left
    std::filesystem::remove_all(directory_, ignored);
}

Result<void> DriverFiles::create(const std::filesystem::path& payload) const {
    remove();
    if (auto made = base::make_directories(directory_, 0700); !made) return made;
    if (payload.empty()) return {};
    const auto text = base::read_file(payload);
    if (!text) return text.error();
    return base::write_file_atomic(response_file(), *text, kPrivate);
}

Result<std::string> DriverFiles::read_answer() const {
    std::error_code ignored;
    if (!std::filesystem::exists(answer_file(), ignored)) return std::string();
    auto text = base::read_small_file(answer_file(), kMostAnswerBytes);
    if (!text) return text.error().with_context("what config_exec has answered");
    return text;
}

Result<void> DriverFiles::save_environment(
    const std::vector<EnvironmentVariable>& variables) const {
    std::string text;
    for (const std::string& entry : entries_of(variables)) text += entry + '\0';
    return base::write_file_atomic(directory_ / kEnvironmentFile, text, kPrivate);
}

std::vector<std::string> DriverFiles::read_environment() const {
    const auto text = base::read_small_file(directory_ / kEnvironmentFile, kMostEnvironmentBytes);
    if (!text) return {};
    std::vector<std::string> entries = base::split(*text, '\0');
    std::erase(entries, std::string());
    return entries;
}

std::vector<EnvironmentVariable> driver_variables(const DriverFiles& files) {
    return {{"TMPDIR", files.directory().string()},
            {"JOB_RESPONSE_FILE", files.response_file().string()},
            {"BUILD_FAILURE_EXIT_CODE", std::to_string(kBuildFailureExitCode)},
            {"SYSTEM_FAILURE_EXIT_CODE", std::to_string(kSystemFailureExitCode)}};
}

std::vector<std::string> entries_of(const std::vector<EnvironmentVariable>& variables) {
    std::vector<std::string> entries;
    entries.reserve(variables.size());
    for (const auto& variable : variables) {
        entries.push_back(variable.name + "=" + variable.value);
    }
    return entries;
}

}  // namespace executors::custom
