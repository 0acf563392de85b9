#include "runner/config/disk_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/parse.hpp"
#include "base/strings.hpp"
#include "runner/config/value.hpp"

namespace runner::config {

namespace {

using ParseFixed = base::Result<std::int64_t> (*)(std::string_view);
using ParseAmount = base::Result<DiskAmount> (*)(std::string_view);

std::optional<double> percent_of(std::string_view text) {
    text.remove_suffix(1);
    text = base::trim(text);
    double number = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    // from_chars() reads "nan", too.
    if (read.ec != std::errc() || read.ptr != end || !(number > 0 && number <= 100))
        return std::nullopt;
    return number;
}

base::Result<std::int64_t> count_of(std::string_view text) {
    const auto number = base::parse_number<std::int64_t>(text);
    if (!number) return base::invalid_input("not a number");
    return *number;
}

base::Result<DiskAmount> parse_amount(std::string_view text, ParseFixed parse_fixed,
                                      std::string_view example) {
    const auto bad = [&] {
        return base::invalid_input(
            fmt::format("expected {}, got \"{}\"; 0 switches it off", example, text));
    };
    DiskAmount amount;
    if (base::trim(text) == "0") return amount;
    const auto parts = base::split(text, ',');
    if (parts.size() > 2) return bad();
    for (const std::string& part : parts) {
        const std::string_view one = base::trim(part);
        if (one.ends_with('%')) {
            const auto percent = percent_of(one);
            if (!percent || amount.percent != 0) return bad();
            amount.percent = *percent;
            continue;
        }
        if (one.empty()) return bad();
        const auto fixed = parse_fixed(one);
        if (!fixed || *fixed <= 0 || amount.fixed != 0) return bad();
        amount.fixed = static_cast<std::uint64_t>(*fixed);
    }
    return amount;
}

bool is_off(const DiskAmount& amount) { return amount.percent == 0 && amount.fixed == 0; }

/// Whether `one` is more than `other` on every disk.
bool is_more(const DiskAmount& one, const DiskAmount& other) {
    if (is_off(one)) return false;
    if (is_off(other)) return true;
    const bool by_part = one.percent == 0 || (other.percent != 0 && one.percent > other.percent);
    const bool by_size = one.fixed == 0 || (other.fixed != 0 && one.fixed > other.fixed);
    return by_part && by_size;
}

base::Result<void> read_mark(DiskAmount& amount, const std::string& text, ParseAmount parse,
                             std::string_view key, std::string_view suffix) {
    auto parsed = parse(text);
    if (!parsed) return parsed.error().with_context(fmt::format("disk.{}{}", key, suffix));
    amount = *parsed;
    return {};
}

base::Result<DiskMarks> read_marks(const std::string& below, const std::string& until,
                                   const std::string& pause, ParseAmount parse,
                                   std::string_view suffix) {
    DiskMarks marks;
    if (auto read = read_mark(marks.collect_below, below, parse, "collect_below", suffix); !read)
        return read.error();
    if (auto read = read_mark(marks.collect_until, until, parse, "collect_until", suffix); !read)
        return read.error();
    if (auto read = read_mark(marks.pause_below, pause, parse, "pause_below", suffix); !read)
        return read.error();
    if (is_more(marks.collect_below, marks.collect_until)) {
        return base::invalid_input(
            fmt::format("disk.collect_until{0} = \"{1}\" is less than collect_below{0} = \"{2}\": "
                        "data is removed below the one until the other is free",
                        suffix, until, below));
    }
    if (!is_off(marks.collect_below) && is_more(marks.pause_below, marks.collect_until)) {
        return base::invalid_input(
            fmt::format("disk.pause_below{0} = \"{1}\" is more than collect_until{0} = \"{2}\": "
                        "jobs would wait for room that nobody makes",
                        suffix, pause, until));
    }
    return marks;
}

void add_doubts(std::vector<std::string>& doubts, const base::Result<DiskMarks>& marks,
                std::string_view suffix) {
    if (!marks) return;
    if (marks->pause_below.fixed == 0 && marks->pause_below.percent * 1.2 >= 100) {
        doubts.push_back(
            fmt::format("disk.pause_below{}: jobs are taken again when a fifth more than this is "
                        "free, so on an empty disk only",
                        suffix));
    }
    if (!is_off(marks->collect_below) && is_more(marks->pause_below, marks->collect_below)) {
        doubts.push_back(
            fmt::format("disk.pause_below{0} is more than collect_below{0}: unused data is removed "
                        "only while no jobs are taken",
                        suffix));
    }
}

}  // namespace

std::uint64_t DiskAmount::of(std::uint64_t size) const {
    const auto part = static_cast<std::uint64_t>(static_cast<double>(size) * percent / 100);
    if (percent == 0) return fixed;
    return fixed == 0 ? part : std::min(part, fixed);
}

base::Result<DiskAmount> parse_disk_amount(std::string_view text) {
    return parse_amount(text, parse_memory,
                        "a part, a size or both (the smaller one counts), as \"10%\", \"20GB\" or "
                        "\"10%, 20GB\"");
}

base::Result<DiskAmount> parse_inode_amount(std::string_view text) {
    return parse_amount(text, count_of,
                        "a part, a number or both (the smaller one counts), as \"10%\", \"100000\" "
                        "or \"10%, 100000\"");
}

base::Result<DiskMarks> DiskSettings::space() const {
    return read_marks(collect_below, collect_until, pause_below, parse_disk_amount, "");
}

base::Result<DiskMarks> DiskSettings::inodes() const {
    return read_marks(collect_below_inodes, collect_until_inodes, pause_below_inodes,
                      parse_inode_amount, "_inodes");
}

std::vector<std::string> DiskSettings::doubts() const {
    std::vector<std::string> all;
    add_doubts(all, space(), "");
    add_doubts(all, inodes(), "_inodes");
    return all;
}

}  // namespace runner::config
