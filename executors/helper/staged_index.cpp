#include "executors/helper/staged_index.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <unordered_map>

namespace executors::helper {

namespace {

/// The number before the next blank. False where there is none, or it does not fit.
template <typename Number>
bool take_number(std::string_view& line, Number& number) {
    const auto read = std::from_chars(line.data(), line.data() + line.size(), number);
    if (read.ec != std::errc{}) return false;
    line.remove_prefix(static_cast<std::size_t>(read.ptr - line.data()));
    if (!line.starts_with(' ')) return false;
    line.remove_prefix(1);
    return true;
}

std::optional<ScannedMember> parse_line(std::string_view line) {
    ScannedMember member;
    const bool read = take_number(line, member.offset) && take_number(line, member.begin) &&
                      take_number(line, member.packed_size) && take_number(line, member.size) &&
                      take_number(line, member.crc) && take_number(line, member.method) &&
                      take_number(line, member.mtime);
    if (!read || !is_staged_name(line)) return std::nullopt;
    member.name = line;
    return member;
}

std::string_view without_slash(std::string_view name) {
    if (name.ends_with('/')) name.remove_suffix(1);
    return name;
}

/// Members by their names; nothing when two have the same one, or one has not its only form.
using Names = std::unordered_map<std::string_view, const ZipMember*>;
std::optional<Names> names_of(const std::vector<ZipMember>& members) {
    Names names;
    names.reserve(members.size());
    for (const ZipMember& member : members) {
        const std::string_view name = without_slash(member.name);
        if (!is_staged_name(name) || !names.emplace(name, &member).second) return std::nullopt;
    }
    return names;
}

bool leads_through_no_directory(std::string_view name, const Names& names) {
    for (auto slash = name.find('/'); slash != std::string_view::npos;
         slash = name.find('/', slash + 1)) {
        const auto above = names.find(name.substr(0, slash));
        if (above != names.end() && !S_ISDIR(above->second->mode)) return true;
    }
    return false;
}

}  // namespace

bool is_staged_name(std::string_view name) {
    constexpr std::string_view kBreaks("\n\0", 2);
    if (name.find_first_of(kBreaks) != std::string_view::npos) return false;
    while (true) {
        const auto slash = name.find('/');
        const std::string_view part = name.substr(0, slash);
        if (part.empty() || part == "." || part == "..") return false;
        if (slash == std::string_view::npos) return true;
        name.remove_prefix(slash + 1);
    }
}

StagedIndex::StagedIndex(std::vector<ScannedMember> files) : files_(std::move(files)) {
    std::ranges::sort(files_, {}, &ScannedMember::offset);
}

std::string StagedIndex::text() const {
    std::string text;
    for (const ScannedMember& file : files_) {
        for (const std::uint64_t number : {file.offset, file.begin, file.packed_size, file.size,
                                           std::uint64_t{file.crc}, std::uint64_t{file.method}}) {
            text += std::to_string(number) + ' ';
        }
        text += std::to_string(file.mtime) + ' ' + file.name + '\n';
    }
    return text;
}

StagedIndex StagedIndex::parse(std::string_view text) {
    std::vector<ScannedMember> files;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        if (auto file = parse_line(text.substr(0, end))) files.push_back(std::move(*file));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return StagedIndex(std::move(files));
}

const ScannedMember* StagedIndex::find(const ZipMember& member, std::uint64_t offset) const {
    const auto found = std::ranges::lower_bound(files_, offset, {}, &ScannedMember::offset);
    if (found == files_.end() || member.encrypted) return nullptr;
    const bool same = found->offset == offset && found->packed_size == member.packed_size &&
                      found->size == member.size && found->crc == member.crc &&
                      found->method == member.method;
    return same ? &*found : nullptr;
}

bool may_move_as_tree(const std::vector<ZipMember>& members, const StagedIndex& index,
                      std::uint64_t archive_begin) {
    const auto names = names_of(members);
    if (!names) return false;
    for (const auto& [name, member] : *names) {
        if (leads_through_no_directory(name, *names)) return false;
    }
    return std::ranges::all_of(index.files(), [&](const ScannedMember& file) {
        const auto member = names->find(file.name);
        if (member == names->end()) return false;
        const ZipMember& listed = *member->second;
        return index.find(listed, archive_begin + listed.offset) == &file;
    });
}

}  // namespace executors::helper
