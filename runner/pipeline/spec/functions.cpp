#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "runner/pipeline/spec/interpolate.hpp"
#include "runner/pipeline/variables/expand.hpp"

namespace runner::pipeline::spec {

using yaml::Value;

namespace {

/// Quotes a text for a POSIX shell, as Ruby's Shellwords.escape does.
std::string shell_quote(const std::string& text) {
    if (text.empty()) return "''";
    static constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.,:+/@";
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "'\n'";
            continue;
        }
        const bool high = static_cast<unsigned char>(c) >= 0x80;
        if (!high && kPlain.find(c) == std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

/// A part of the text; `offset` and `length` count UTF-8 characters, not bytes.
std::string substring(const std::string& text, std::size_t offset, std::size_t length) {
    std::string out;
    std::size_t index = 0;
    for (std::size_t at = 0; at < text.size(); ++index) {
        std::size_t next = at + 1;
        while (next < text.size() && (static_cast<unsigned char>(text[next]) & 0xc0) == 0x80)
            ++next;
        if (index >= offset && index - offset < length) out += text.substr(at, next - at);
        at = next;
    }
    return out;
}

/// Expands variables, except masked ones, whose values must not get into the configuration.
std::string expand_unmasked(const std::string& text, const InterpolationContext& context) {
    if (context.variables == nullptr) return text;
    variables::Collection unmasked;
    for (const auto& variable : context.variables->all()) {
        if (!variable.masked) unmasked.set(variable);
    }
    return variables::expand(text, unmasked, variables::Undefined::kKeep);
}

Value split(const std::string& text, const std::string& separator, Mark mark) {
    yaml::List parts;
    std::size_t start = 0;
    while (!separator.empty()) {
        const std::size_t end = text.find(separator, start);
        parts.push_back(Value::string(text.substr(start, end - start), mark));
        if (end == std::string::npos) break;
        start = end + separator.size();
    }
    if (separator.empty()) parts.push_back(Value::string(text, mark));
    return Value::list(std::move(parts), mark);
}

}  // namespace

Checked<Value> apply_function(const std::string& call, const Value& value,
                              const InterpolationContext& context, bool last) {
    static const RE2 kTruncate(R"(^\s*truncate\(\s*(\d+)\s*,\s*(\d+)\s*\)\s*$)");
    static const RE2 kExpand(R"(^\s*expand_vars\s*$)");
    static const RE2 kEscape(R"(^\s*posix_escape\s*$)");
    static const RE2 kSplit(R"re(^\s*split\(\s*(?:'([^']*)'|"([^"]*)")\s*\)\s*$)re");
    std::string first;
    std::string second;
    std::string name;
    if (RE2::FullMatch(call, kTruncate, &first, &second))
        name = "truncate";
    else if (RE2::FullMatch(call, kExpand))
        name = "expand_vars";
    else if (RE2::FullMatch(call, kEscape))
        name = "posix_escape";
    else if (last && RE2::FullMatch(call, kSplit, &first, &second))
        name = "split";
    if (name.empty()) {
        const RE2 trim(R"(^\s*(.*?)\s*$)");
        std::string shown = call;
        RE2::FullMatch(call, trim, &shown);
        return Problem{fmt::format("no function matching `{}`: check that the function name, "
                                   "arguments, and types are correct",
                                   shown),
                       value.mark()};
    }
    if (!value.is_string()) {
        return Problem{fmt::format("error in `{0}` function: invalid input type: {0} can only be "
                                   "used with string inputs",
                                   name),
                       value.mark()};
    }
    const std::string& text = value.as_string();
    if (name == "split") return split(text, first.empty() ? second : first, value.mark());
    if (name == "expand_vars") return Value::string(expand_unmasked(text, context), value.mark());
    if (name == "posix_escape") return Value::string(shell_quote(text), value.mark());
    const auto count = [](const std::string& digits) {
        return digits.size() > 9 ? std::size_t{1'000'000'000} : std::stoul(digits);
    };
    return Value::string(substring(text, count(first), count(second)), value.mark());
}

}  // namespace runner::pipeline::spec
