#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

void check_pages(const Value& value, const KeyPath& key_path, Report& report) {
    if (value.is_bool()) return;
    if (!value.is_map()) {
        return report.add(key_path, "config should be a hash or a boolean value", value.mark());
    }
    check_keys(value, {"publish", "path_prefix", "expire_in"}, key_path, report);
    check_string_attribute(value, "publish", key_path, report);
    check_string_attribute(value, "path_prefix", key_path, report);
    const Value* expiry = value.given("expire_in");
    if (expiry != nullptr && !is_duration(*expiry) && !expiry->is_text("never")) {
        report.add(key_path, "expire in should be a duration", expiry->mark());
    }
}

}  // namespace runner::pipeline::keywords
