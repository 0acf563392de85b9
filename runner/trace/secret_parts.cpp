#include "runner/trace/secret_parts.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "base/strings.hpp"

namespace runner::trace {

namespace {

bool is_base64(std::string_view word) {
    return std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '-' || c == '_' || c == '=' ||
               c == '.';
    });
}

bool looks_like_a_key(std::string_view word) {
    constexpr std::size_t kMinKey = 20;
    constexpr std::size_t kMinHexKey = 32;
    const auto has = [word](int (*kind)(int)) {
        return std::any_of(word.begin(), word.end(),
                           [kind](unsigned char c) { return kind(c) != 0; });
    };
    const bool hex = std::all_of(word.begin(), word.end(),
                                 [](unsigned char c) { return std::isxdigit(c) != 0; });
    if (hex) return word.size() >= kMinHexKey;
    if (word.size() < kMinKey || !is_base64(word)) return false;
    return has(std::isupper) && has(std::islower) && has(std::isdigit);
}

/// The words of a line of YAML, of a list of variables, or of JSON.
std::vector<std::string_view> words_of(std::string_view line) {
    constexpr std::string_view kBetween = " \t\r\"',;:<>{}[]()";
    std::vector<std::string_view> words;
    while (true) {
        const auto begin = line.find_first_not_of(kBetween);
        if (begin == std::string_view::npos) return words;
        line.remove_prefix(begin);
        std::string_view word = line.substr(0, line.find_first_of(kBetween));
        line.remove_prefix(word.size());
        // KEY=value; the "=" at the end of base64 stays.
        const auto name = word.find('=');
        const auto value = word.find_first_not_of('=', name);
        if (name != std::string_view::npos && value != std::string_view::npos)
            word.remove_prefix(value);
        words.push_back(word);
    }
}

}  // namespace

std::set<std::string> secret_parts_of(std::string_view value) {
    std::set<std::string> parts;
    if (value.find('\n') == std::string_view::npos) return parts;
    bool in_pem = false;
    for (const std::string& whole : base::split(value, '\n')) {
        const std::string_view line = base::trim(whole);
        if (line.find("-----BEGIN ") != std::string_view::npos) {
            in_pem = true;
        } else if (line.find("-----END ") != std::string_view::npos) {
            in_pem = false;
        } else if (in_pem && line.size() >= kMinLineBytes) {
            parts.emplace(line);
        }
        for (const std::string_view word : words_of(line)) {
            if (looks_like_a_key(word)) parts.emplace(word);
        }
    }
    return parts;
}

}  // namespace runner::trace
