// Conditions and patterns: the first line is an expression, the second a pattern, the third a path.

#include <array>
#include <string>

#include "runner/pipeline/expression/expression.hpp"
#include "runner/pipeline/glob/path_glob.hpp"
#include "runner/pipeline/variables/expand.hpp"
#include "tests/fuzz/require.hpp"

namespace {

using namespace runner::pipeline;

std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text = tests::fuzz::as_text(data, size);
    const std::string_view condition = take_line(text);
    const std::string_view pattern = take_line(text);
    if (const auto parsed = expression::Expression::parse(condition)) {
        // The second line is also the value of every variable, so patterns in variables are tried.
        const auto lookup = [&](std::string_view name, bool) -> std::optional<std::string_view> {
            if (name.starts_with('N')) return std::nullopt;
            return pattern;
        };
        const bool value = parsed->truthy(lookup);
        const auto negated = expression::Expression::parse("!(" + std::string(condition) + ")");
        // The three additional tokens can exceed the limit; the text is then no expression.
        tests::fuzz::require(!negated || negated->truthy(lookup) != value, "! inverts the value");
        tests::fuzz::require(parsed->names().size() <= condition.size(),
                             "every name is in the text");
    }
    static_cast<void>(glob::PathGlob(pattern).matches(text));
    static_cast<void>(glob::ExistsPattern(pattern).matches(text));
    static_cast<void>(glob::IncludeGlob(pattern).matches(text));
    const variables::Collection some{{"A", std::string(pattern)}, {"B", "$A${A}%A%"}};
    variables::expand(condition, some, variables::Undefined::kKeep);
    variables::sort_and_expand(some, variables::Reader::kRunner);
    return 0;
}
