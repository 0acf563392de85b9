// Expressions of job inputs: the text is a line of a script.

#include <string>

#include "runner/moa/template.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace runner::moa;

constexpr std::string_view kSecret = "\x01hush\x01";

Value::Object names() {
    Value::Object inputs;
    inputs.emplace("name", Value(std::string("bob")));
    inputs.emplace("age", Value(3.0));
    inputs.emplace("list", Value(Value::Array{Value(1.0), Value(std::string("two")), Value()}));
    inputs.emplace("key", Value(std::string(kSecret)).marked(true));
    Value::Object job;
    job.emplace("inputs", Value(std::move(inputs)));
    Value::Object names;
    names.emplace("job", Value(std::move(job)));
    return names;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Value::Object kNames = names();
    const std::string_view text = tests::fuzz::as_text(data, size);
    if (text.find(kSecret) != std::string_view::npos) return 0;
    Budget budget(1U << 20U);
    const auto result = expand(text, kNames, budget);
    if (!result) {
        tests::fuzz::require(result.error().at <= text.size(), "a fault is in the text");
        tests::fuzz::require(result.error().what.find("hush") == std::string::npos ||
                                 text.find("hush") != std::string_view::npos,
                             "a message has no secret");
        static_cast<void>(position_in(text, result.error().at));
        return 0;
    }
    tests::fuzz::require(
        result->text.find(kSecret) == std::string::npos || !result->sensitive.empty(),
        "a text with a secret is sensitive");
    if (text.find("${{") == std::string_view::npos)
        tests::fuzz::require(result->text == text, "a text without expressions stays as it is");
    return 0;
}
