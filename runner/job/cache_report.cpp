#include "runner/job/cache_report.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/strings.hpp"

namespace runner::job {

namespace {

using Action = CacheTransfer::Action;

constexpr std::array<std::string_view, 3> kRestoreResults{"hit", "miss", "failed"};
constexpr std::array<std::string_view, 4> kSaveResults{"saved", "unchanged", "empty", "failed"};
/// No archive is larger; what the job says must not make a counter useless.
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 40U;

struct Line {
    std::size_t cache = 0;
    CacheTransfer transfer;
};

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

template <std::size_t size>
std::string_view known(const std::array<std::string_view, size>& words, std::string_view word) {
    const auto* const found = std::find(words.begin(), words.end(), word);
    return found == words.end() ? std::string_view() : *found;
}

std::optional<Line> parse_line(std::string_view text, std::size_t caches) {
    const auto words = base::split(text, ' ');
    if (words.size() != 4) return std::nullopt;
    const bool restore = words[0] == "cache-restore";
    if (!restore && words[0] != "cache-save") return std::nullopt;
    const auto cache = number<std::size_t>(words[1]);
    const auto bytes = number<std::uint64_t>(words[3]);
    const auto result = restore ? known(kRestoreResults, words[2]) : known(kSaveResults, words[2]);
    if (!cache || *cache >= caches || !bytes || *bytes > kMaxBytes || result.empty()) {
        return std::nullopt;
    }
    return Line{*cache, {restore ? Action::kRestore : Action::kSave, result, *bytes}};
}

/// A later archive of the same cache: it was a fallback. A failure is not hidden by a later miss.
void merge(CacheTransfer& former, const CacheTransfer& next) {
    if (next.result == "hit") {
        former = next;
        former.result = "fallback";
    } else if (next.result == "failed") {
        former = next;
    }
}

}  // namespace

std::vector<CacheTransfer> parse_cache_report(std::string_view text, std::size_t caches) {
    std::map<std::pair<Action, std::size_t>, CacheTransfer> transfers;
    for (const std::string& line_text : base::split(text, '\n')) {
        const auto line = parse_line(line_text, caches);
        if (!line) continue;
        const auto [entry, added] =
            transfers.try_emplace({line->transfer.action, line->cache}, line->transfer);
        if (!added) merge(entry->second, line->transfer);
    }
    std::vector<CacheTransfer> answer;
    for (const auto& [key, transfer] : transfers) answer.push_back(transfer);
    return answer;
}

}  // namespace runner::job
