#include "executors/driver.hpp"

#include <fmt/format.h>

#include <cstring>

#include "base/files.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"

namespace executors {

namespace {

/// In the words of the official runner, by which people search.
base::Error unknown_end(int code, const std::string& how) {
    return base::make_error(base::ErrorKind::kIo,
                            fmt::format("unknown Custom executor executable exit code {}; "
                                        "executable execution terminated with: {}",
                                        code, how));
}

base::Result<int> written_code(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return kBuildFailureExitCode;
    constexpr std::size_t kMostBytes = 64;
    // The script may have put anything in the file's place.
    const auto text = base::read_small_file(file, kMostBytes);
    const auto code = text ? base::parse_number<int>(base::trim(*text)) : std::nullopt;
    if (code && *code > 0) return *code;
    return unknown_end(kBuildFailureExitCode,
                       "exit status 1, and BUILD_EXIT_CODE_FILE does not hold an exit code");
}

}  // namespace

base::Result<int> job_exit_code(int code, int signal, const std::filesystem::path& code_file) {
    if (signal != 0) return unknown_end(-1, "signal: " + base::to_lower(::strsignal(signal)));
    if (code == 0) return 0;
    if (code == kBuildFailureExitCode) return written_code(code_file);
    const std::string how = fmt::format("exit status {}", code);
    if (code == kSystemFailureExitCode) return base::make_error(base::ErrorKind::kIo, how);
    return unknown_end(code, how);
}

std::string driver_stage_name(std::string_view stage) {
    return std::string(stage == "step_script" ? "build_script" : stage);
}

}  // namespace executors
