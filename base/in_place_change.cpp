#include "base/in_place_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/digest.hpp"
#include "base/parse.hpp"
#include "base/strings.hpp"

namespace base {

namespace {

constexpr std::string_view kMark =
    "\n# runner: a change of this file has not ended; its former text follows: ";

struct TextFacts {
    std::size_t size = 0;
    std::string digest;
};

bool is_text(std::string_view text, const TextFacts& facts) {
    return text.size() == facts.size && sha256_hex(text) == facts.digest;
}

struct Mark {
    TextFacts former;
    TextFacts wanted;
    std::size_t end = 0;  ///< of its line, line end included
};

/// The line at `place`; nothing when it is not whole.
std::optional<Mark> read_mark(std::string_view found, std::size_t place) {
    const auto end = found.find('\n', place + 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto line = found.substr(place, end - place);
    const auto words = split(line.substr(kMark.size()), ' ');
    if (words.size() != 4) return std::nullopt;
    const auto former = parse_number<std::size_t>(words[0]);
    const auto wanted = parse_number<std::size_t>(words[2]);
    if (!former || !wanted) return std::nullopt;
    return Mark{{*former, words[1]}, {*wanted, words[3]}, end + 1};
}

std::string as_comment(std::string_view text) {
    return "# " + replace_all(text, "\n", "\n# ") + "\n";
}

/// The reverse of as_comment(), for whatever a crash has left.
std::string from_comment(std::string_view lines) {
    if (lines.size() < 3) return "";
    return replace_all(lines.substr(2, lines.size() - 3), "\n# ", "\n");
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of('\n') == std::string_view::npos;
}

}  // namespace

InPlaceChange plan_in_place_change(std::string_view former, std::string_view wanted) {
    const std::size_t place = std::max(former.size(), wanted.size());
    InPlaceChange change;
    change.copy.assign(place - former.size(), '\n');
    change.copy += fmt::format("{}{} {} {} {}\n", kMark, former.size(), sha256_hex(former),
                               wanted.size(), sha256_hex(wanted));
    change.copy += as_comment(former);
    change.head = wanted;
    change.head.resize(place, '\n');
    return change;
}

std::optional<InterruptedChange> interrupted_change(std::string_view found) {
    const auto place = found.rfind(kMark);
    if (place == std::string_view::npos) return std::nullopt;
    const auto mark = read_mark(found, place);
    if (!mark) return std::nullopt;
    const auto head = found.substr(0, place);
    const auto begin = head.substr(0, mark->wanted.size);
    if (is_text(begin, mark->wanted) && is_blank(head.substr(begin.size())))
        return InterruptedChange{WholeText::kNew, std::string(begin), place};
    std::string copy = from_comment(found.substr(mark->end));
    if (is_text(copy, mark->former))
        return InterruptedChange{WholeText::kFormer, std::move(copy), place};
    const auto untouched = head.substr(0, mark->former.size);
    if (is_text(untouched, mark->former))
        return InterruptedChange{WholeText::kFormer, std::string(untouched), place};
    return std::nullopt;
}

}  // namespace base
