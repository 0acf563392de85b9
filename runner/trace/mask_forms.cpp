#include "runner/trace/mask_forms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "base/strings.hpp"

namespace runner::trace {

namespace {

/// A shorter name that is made of a value would hide too much that is no secret.
constexpr std::size_t kMinNameBytes = 4;

/// Copies `text` with `replaced(byte)` for each byte that has a replacement.
template <typename Replacement>
std::string replace_bytes(std::string_view text, const Replacement& replacement) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const std::optional<std::string> other = replacement(c);
        if (other) {
            out += *other;
        } else {
            out += c;
        }
    }
    return out;
}

std::string with_backslashes(std::string_view text, std::string_view special) {
    return replace_bytes(text, [special](char c) -> std::optional<std::string> {
        if (special.find(c) == std::string_view::npos) return std::nullopt;
        return std::string{'\\', c};
    });
}

/// The letter of a control character's escape: "n" for a line feed.
std::optional<char> control_letter(char c) {
    constexpr std::string_view kControls = "\a\b\f\n\r\t\v";
    constexpr std::string_view kLetters = "abfnrtv";
    const auto at = kControls.find(c);
    if (c == '\0' || at == std::string_view::npos) return std::nullopt;
    return kLetters[at];
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// `number`: how a control character without a letter is written.
using Number = std::string (*)(unsigned);
std::string json_number(unsigned code) { return fmt::format("\\u{:04x}", code); }
std::string go_number(unsigned code) { return fmt::format("\\x{:02x}", code); }
std::string octal_number(unsigned code) { return fmt::format("\\{:03o}", code); }

/// Backslash escapes of `quotes`, the backslash and control characters.
std::string escaped(std::string_view text, std::string_view quotes, std::string_view letters,
                    Number number) {
    return replace_bytes(text, [&](char c) -> std::optional<std::string> {
        if (c == '\\' || quotes.find(c) != std::string_view::npos) return std::string{'\\', c};
        if (!is_control(c)) return std::nullopt;
        const auto letter = control_letter(c);
        if (letter && letters.find(*letter) != std::string_view::npos)
            return std::string{'\\', *letter};
        return number(static_cast<unsigned char>(c));
    });
}

std::string json_escaped(std::string_view text) {
    return escaped(text, "\"", "bfnrt", json_number);
}

/// Go's encoding of JSON for HTML.
std::string json_for_html(std::string_view text) {
    return replace_bytes(json_escaped(text), [](char c) -> std::optional<std::string> {
        if (c != '<' && c != '>' && c != '&') return std::nullopt;
        return json_number(static_cast<unsigned char>(c));
    });
}

/// JSON in ASCII, as Python writes it. Bytes that are no UTF-8 stay as they are.
std::string json_in_ascii(std::string_view text) {
    std::string out;
    const std::string plain = json_escaped(text);
    for (std::size_t at = 0; at < plain.size();) {
        const auto first = static_cast<unsigned char>(plain[at]);
        const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
        if (more == 0 || at + more >= plain.size()) {
            out += plain[at++];
            continue;
        }
        std::uint32_t code = first & (0x3fU >> more);
        for (std::size_t i = 1; i <= more; ++i)
            code = code << 6U | (static_cast<unsigned char>(plain[at + i]) & 0x3fU);
        if (code >= 0x10000) {
            out += json_number(0xd800 + ((code - 0x10000) >> 10U));
            code = 0xdc00 + ((code - 0x10000) & 0x3ffU);
        }
        out += json_number(code);
        at += more + 1;
    }
    return out;
}

void add_quoted(std::set<std::string>& forms, std::string_view value) {
    const std::string json = json_escaped(value);
    forms.insert(json);
    forms.insert(json_escaped(json));
    forms.insert(json_for_html(value));
    forms.insert(json_in_ascii(value));
    forms.insert(base::replace_all(json, "/", "\\/"));
    forms.insert(escaped(value, "\"", "abfnrtv", go_number));
    forms.insert(escaped(value, "'", "abfnrtv", octal_number));  // $'…'
    const std::string single = base::replace_all(value, "'", "'\\''");
    forms.insert(single);
    forms.insert(base::replace_all(single, "'", "'\\''"));  // a quoted command of an eval
    forms.insert(base::replace_all(value, "'", "'\"'\"'"));
    forms.insert(base::replace_all(value, "'", "''"));  // YAML
    forms.insert(with_backslashes(value, "\\\"$`"));
    forms.insert(with_backslashes(value, "\\\"'$` |&;<>()*?[]{}!^,"));  // printf %q
}

bool keeps_slashes(char c) { return base::is_unreserved(c) || c == '/'; }

void add_percent_encoded(std::set<std::string>& forms, std::string_view value) {
    for (const std::string& upper :
         {base::percent_encode(value), base::percent_encode(value, keeps_slashes)}) {
        std::string lower = upper;
        for (std::size_t at = lower.find('%'); at != std::string::npos;
             at = lower.find('%', at + 1)) {
            for (std::size_t i = at + 1; i < std::min(at + 3, lower.size()); ++i)
                lower[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(lower[i])));
        }
        forms.insert(base::replace_all(upper, "%20", "+"));
        forms.insert(upper);
        forms.insert(std::move(lower));
    }
}

/// A path as it is after the removal of what does not change its meaning.
std::string cleaned_path(std::string_view text) {
    std::vector<std::string> kept;
    for (const std::string& part : base::split(text, '/')) {
        if (part == ".." && !kept.empty()) kept.pop_back();
        if (!part.empty() && part != "." && part != "..") kept.push_back(part);
    }
    return std::string(base::trim(base::join(kept, "/")));
}

/// Forms of which another part of the program makes a name. They may be shorter than the value.
std::vector<std::string> as_names(std::string_view value) {
    std::vector<std::string> names{base::percent_decode(value)};
    std::string slashes = base::replace_all(value, "\\", "/");
    for (const auto& [escape, sign] :
         {std::pair{"%2f", "/"}, {"%2F", "/"}, {"%2e", "."}, {"%2E", "."}})
        slashes = base::replace_all(slashes, escape, sign);
    names.push_back(cleaned_path(slashes));
    names.push_back(cleaned_path(value));
    names.push_back(base::replace_all(value, "/", "__"));
    names.push_back(base::replace_all(value, "/", "-"));
    names.push_back(std::move(slashes));
    return names;
}

std::string in_one_line(std::string_view value) {
    std::string out;
    for (const std::string& line : base::split(value, '\n')) {
        for (const std::string& word : base::split(line, ' ')) {
            const auto text = base::trim(word);
            if (text.empty()) continue;
            if (!out.empty()) out += ' ';
            out += text;
        }
    }
    return out;
}

}  // namespace

std::set<std::string> forms_of(std::string_view value) {
    std::set<std::string> forms{std::string(value)};
    add_quoted(forms, value);
    add_percent_encoded(forms, value);
    for (std::string& name : as_names(value)) {
        if (name.size() >= std::max(kMinNameBytes, value.size() / 2)) forms.insert(std::move(name));
    }
    if (value.find('\n') != std::string_view::npos) {
        forms.insert(base::replace_all(value, "\r\n", "\n"));
        forms.insert(in_one_line(value));
    }
    forms.erase(std::string());
    return forms;
}

}  // namespace runner::trace
