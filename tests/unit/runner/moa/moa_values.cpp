#include "tests/unit/runner/moa/moa_values.hpp"

#include <array>

namespace tests::moa {

using namespace runner::moa;

Value::Object names() {
    Value inputs = *value_of_json(
        R"({"name": "bob", "empty": "", "age": 3, "on": true, "list": ["a", 1, null],
            "address": {"line1": "42 Way", "zip": 7}, "my-name": "x"})");
    Value::Object all = inputs.object();
    all.emplace("key", Value(std::string("hush")).marked(true));
    Value::Object job;
    job.emplace("inputs", Value(std::move(all)));
    Value::Object names;
    names.emplace("job", Value(std::move(job)));
    return names;
}

std::string expanded(std::string_view text) {
    Budget budget;
    const auto result = expand(text, names(), budget);
    if (result) return result->text;
    const std::array<std::string, 3> kinds{"parse", "eval", "absent"};
    const Fault& fault = result.error();
    return kinds.at(static_cast<std::size_t>(fault.kind)) + ": " + position_in(text, fault.at) +
           ": " + fault.what;
}

}  // namespace tests::moa
