#include "runner/pipeline/state/retry.hpp"

#include <algorithm>
#include <charconv>

#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::state {

using yaml::Value;

namespace {

const keywords::Names kNeverRetried = {"ci_quota_exceeded", "no_matching_runner",
                                       "missing_dependency_failure", "forward_deployment_failure",
                                       "environment_creation_failure"};

int most_retries(const Value& config, std::string_view reason) {
    if (config.is_integer()) return static_cast<int>(config.as_integer());
    const Value* max = config.given("max");
    if (max != nullptr) {
        const std::string text = max->to_text();  // the text "2" is accepted, too
        int most = 0;
        std::from_chars(text.data(), text.data() + text.size(), most);
        return most;
    }
    if (config.is_null() && reason == "scheduler_failure") return 2;
    return 0;
}

bool names_reason(const Value& when, std::string_view reason) {
    const auto matches = [&](const Value& v) { return v.is_text("always") || v.is_text(reason); };
    if (!when.is_list()) return matches(when);
    return std::any_of(when.items().begin(), when.items().end(), matches);
}

bool names_code(const Value& codes, int code) {
    const auto matches = [code](const Value& v) {
        return v.is_integer() && v.as_integer() == code;
    };
    if (!codes.is_list()) return matches(codes);
    return std::any_of(codes.items().begin(), codes.items().end(), matches);
}

}  // namespace

bool should_retry(const Value& config, std::string_view reason, std::optional<int> exit_code,
                  int retries) {
    if (keywords::one_of(reason, kNeverRetried)) return false;
    if (retries >= most_retries(config, reason)) return false;
    const Value* when = config.given("when");
    const Value* codes = config.given("exit_codes");
    if (codes != nullptr && exit_code && names_code(*codes, *exit_code)) return true;
    if (when != nullptr) return names_reason(*when, reason);
    return codes == nullptr;
}

}  // namespace runner::pipeline::state
