#include "runner/pipeline/keywords/report.hpp"

#include <cstdint>

#include "base/strings.hpp"

namespace runner::pipeline::keywords {
namespace {

/// The lower case letter of an upper case letter beyond ASCII: Latin with diacritics, Greek and
/// Cyrillic. Other code points are returned unchanged.
std::uint32_t lower_case_letter(std::uint32_t letter) {
    const auto within = [letter](std::uint32_t first, std::uint32_t last) {
        return letter >= first && letter <= last;
    };
    if (within(0xc0, 0xde)) return letter == 0xd7 ? letter : letter + 0x20;
    if (letter == 0x178) return 0xff;
    const bool upper_is_odd = within(0x139, 0x148) || within(0x179, 0x17e);
    if (upper_is_odd) return letter % 2 == 1 ? letter + 1 : letter;
    if (within(0x100, 0x177)) {
        return letter % 2 == 1 || letter == 0x130 || letter == 0x138 ? letter : letter + 1;
    }
    if (within(0x391, 0x3a9) || within(0x410, 0x42f)) return letter + 0x20;
    if (within(0x400, 0x40f)) return letter + 0x50;
    return letter;
}

/// GitLab prints the text of a problem in lower case, also letters beyond ASCII.
std::string in_lower_case(std::string_view text) {
    std::string out = base::to_lower(text);
    for (std::size_t i = 0; i + 1 < out.size(); ++i) {
        const auto lead = static_cast<unsigned char>(out[i]);
        const auto trail = static_cast<unsigned char>(out[i + 1]);
        if (lead < 0xc2 || lead > 0xdf || (trail & 0xc0) != 0x80) continue;
        const std::uint32_t letter = lower_case_letter((lead & 0x1fU) << 6 | (trail & 0x3fU));
        out[i] = static_cast<char>(0xc0 | letter >> 6);
        out[i + 1] = static_cast<char>(0x80 | (letter & 0x3f));
        ++i;
    }
    return out;
}

}  // namespace

std::string KeyPath::text() const {
    std::string above = parent == nullptr ? std::string{} : parent->text();
    if (!above.empty() && !name.empty()) above += ':';
    return above.append(name);
}

void Report::add(const KeyPath& key_path, std::string_view message, Mark mark) {
    std::string text = key_path.text();
    if (!text.empty()) text += ' ';
    problems_.push_back({in_lower_case(text.append(message)), mark});
}

void Report::warn(const KeyPath& key_path, std::string_view message, Mark mark) {
    warnings_.push_back({key_path.text().append(" ").append(message), mark});
}

void Report::append(const Problems& more) {
    problems_.insert(problems_.end(), more.begin(), more.end());
}

}  // namespace runner::pipeline::keywords
