#include "protocol/object_storage/error_body.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "base/utf8.hpp"

namespace protocol::object_storage {

namespace {

constexpr std::array<std::pair<std::string_view, char>, 5> kReferences{
    {{"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&amp;", '&'}}};

constexpr std::size_t kLongestReference = 8;
constexpr std::size_t kShownBytes = 300;

/// The character of a reference by number, "&#34;" or "&#x22;", where it is one of ASCII.
std::optional<char> numbered(std::string_view reference) {
    if (!reference.starts_with("&#")) return std::nullopt;
    reference.remove_prefix(2);
    const bool hex = reference.starts_with('x');
    if (hex) reference.remove_prefix(1);
    unsigned code = 0;
    const char* const end = reference.data() + reference.size();
    const auto [stop, wrong] = std::from_chars(reference.data(), end, code, hex ? 16 : 10);
    if (wrong != std::errc() || stop != end || code == 0 || code > 0x7f) return std::nullopt;
    return static_cast<char>(code);
}

std::string unescape(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        std::size_t used = 1;
        char c = text.front();
        for (const auto& [reference, character] : kReferences) {
            if (!text.starts_with(reference)) continue;
            c = character;
            used = reference.size();
        }
        const std::size_t end = text.substr(0, kLongestReference).find(';');
        const auto character =
            end == std::string_view::npos ? std::nullopt : numbered(text.substr(0, end));
        if (character) {
            c = *character;
            used = end + 1;
        }
        out += c;
        text.remove_prefix(used);
    }
    return out;
}

}  // namespace

std::string xml_text(std::string_view document, std::string_view name) {
    const std::string open = "<" + std::string(name) + ">";
    const auto begin = document.find(open);
    if (begin == std::string_view::npos) return {};
    document.remove_prefix(begin + open.size());
    const auto end = document.find("</" + std::string(name) + ">");
    return end == std::string_view::npos ? std::string() : unescape(document.substr(0, end));
}

std::string error_text(std::string_view document) {
    const std::string code = xml_text(document, "Code");
    const std::string message = xml_text(document, "Message");
    // Azure's message has further lines with the number and the time of the request.
    const std::string first = message.substr(0, message.find('\n'));
    const bool both = !code.empty() && !first.empty();
    return base::cut_utf8(code + (both ? ": " : "") + first, kShownBytes);
}

std::string xml_escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        std::string_view escaped(&c, 1);
        for (const auto& [reference, character] : kReferences) {
            if (c == character) escaped = reference;
        }
        out += escaped;
    }
    return out;
}

}  // namespace protocol::object_storage
