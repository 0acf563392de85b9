#include "runner/pipeline/expression/regex.hpp"

#include <re2/re2.h>

namespace runner::pipeline::expression {
namespace {

constexpr std::string_view kFlags = "ismU";

std::string unescape_slashes(std::string_view body) {
    std::string out;
    for (std::size_t i = 0; i < body.size(); ++i) {
        if (body[i] == '\\' && i + 1 < body.size() && body[i + 1] == '/') continue;
        out += body[i];
    }
    return out;
}

}  // namespace

std::optional<Regex> Regex::from_literal(std::string_view text) {
    if (text.size() < 2 || text.front() != '/') return std::nullopt;
    const std::size_t slash = text.rfind('/');
    if (slash < 1) return std::nullopt;
    const std::string_view flags = text.substr(slash + 1);
    if (flags.find_first_not_of(kFlags) != std::string_view::npos) return std::nullopt;
    std::string pattern = unescape_slashes(text.substr(1, slash - 1));
    if (!flags.empty()) pattern = "(?" + std::string(flags) + ")" + pattern;
    return compile(pattern);
}

std::optional<Regex> Regex::compile(const std::string& pattern) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto program = std::make_shared<const RE2>(pattern, options);
    if (!program->ok()) return std::nullopt;
    return Regex(std::move(program));
}

bool Regex::search(std::string_view text) const {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *program_);
}

}  // namespace runner::pipeline::expression
