#include "runner/script/behaviour_variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/duration.hpp"
#include "base/parse.hpp"
#include "runner/script/git_strategy.hpp"

namespace runner::script {

namespace {

constexpr int kMaxAttempts = 10;

}  // namespace

BehaviourVariables::BehaviourVariables(const Variables& variables) : variables_(variables) {
    for (const std::string& warning : variables.features().warnings()) warn(warning);
}

bool BehaviourVariables::flag(std::string_view key, bool fallback) {
    const std::string value = variables_.get(key);
    if (value.empty()) return fallback;
    const auto parsed = base::parse_bool(value);
    if (!parsed) {
        warn(fmt::format("{}: expected bool got \"{}\", using default value: {}", key, value,
                         fallback));
    }
    return parsed.value_or(fallback);
}

int BehaviourVariables::number(std::string_view key, int fallback) {
    const std::string value = variables_.get(key);
    if (value.empty()) return fallback;
    if (const auto parsed = base::parse_number<int>(value)) return *parsed;
    warn(fmt::format("{}: expected int got \"{}\", using default value: {}", key, value, fallback));
    return fallback;
}

std::chrono::nanoseconds BehaviourVariables::duration(std::string_view key,
                                                      std::chrono::nanoseconds fallback) {
    const std::string value = variables_.get(key);
    if (value.empty()) return fallback;
    const auto parsed = base::parse_go_duration(value);
    if (parsed && *parsed >= std::chrono::nanoseconds::zero()) return *parsed;
    warn(fmt::format("{}: expected duration got \"{}\", using default value: {}", key, value,
                     base::format_go_duration(fallback)));
    return fallback;
}

int BehaviourVariables::attempts(std::string_view key) {
    const int asked = number(key, 1);
    const int clamped = std::clamp(asked, 1, kMaxAttempts);
    if (asked != clamped) {
        warn(fmt::format("{}: number of attempts out of the range [1, 10], clamping to: {}", key,
                         clamped));
    }
    return clamped;
}

void BehaviourVariables::check_all(bool allow_git_fetch) {
    for (const auto* name : {"CI_DEBUG_TRACE", "CI_DEBUG_SERVICES", "GIT_SUBMODULE_FORCE_HTTPS",
                             "GIT_LFS_SKIP_SMUDGE"}) {
        static_cast<void>(flag(name, false));
    }
    for (const auto* name : {"GIT_CHECKOUT", "AFTER_SCRIPT_IGNORE_ERRORS"})
        static_cast<void>(flag(name, true));
    for (const auto* name :
         {"GET_SOURCES_ATTEMPTS", "RESTORE_CACHE_ATTEMPTS", "ARTIFACT_DOWNLOAD_ATTEMPTS"})
        static_cast<void>(attempts(name));
    static_cast<void>(number("GIT_SUBMODULE_DEPTH", 0));
    for (const auto* name :
         {"CACHE_REQUEST_TIMEOUT", "FASTZIP_ARCHIVER_CONCURRENCY", "FASTZIP_EXTRACTOR_CONCURRENCY"})
        static_cast<void>(number(name, 0));
    static_cast<void>(duration("TRANSFER_METER_FREQUENCY", {}));
    const std::string strategy = variables_.get("GIT_STRATEGY");
    if (!strategy.empty() && !parse_git_strategy(strategy)) {
        warn(
            fmt::format("GIT_STRATEGY: expected either 'clone', 'fetch', 'none' or 'empty' got "
                        "\"{}\", using default value '{}'",
                        strategy, allow_git_fetch ? "fetch" : "clone"));
    }
}

void BehaviourVariables::warn(std::string warning) {
    if (warned_.insert(warning).second) warnings_.push_back(std::move(warning));
}

std::vector<std::string> BehaviourVariables::take_warnings() {
    return std::exchange(warnings_, {});
}

}  // namespace runner::script
