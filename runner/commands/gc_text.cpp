#include "runner/commands/gc_text.hpp"

#include <fmt/format.h>

#include <vector>

#include "base/size_text.hpp"
#include "runner/commands/text_table.hpp"

namespace runner::commands {

namespace {

using nlohmann::json;

std::string size_of(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number_unsigned()) return "?";
    return base::size_text(found->get<std::uint64_t>());
}

std::string space_line(const json& place) {
    const auto whole = place.value("bytes", std::uint64_t{0});
    std::string line = cell(place, "place");
    if (const std::string path = cell(place, "path");
        !path.empty() && line.find(path) == std::string::npos)
        line += " (" + path + ")";
    if (whole == 0) return line + "\n";
    const auto percent = [](std::uint64_t part, std::uint64_t all) {
        return 100.0 * static_cast<double>(part) / static_cast<double>(all);
    };
    const auto free = place.value("free_bytes", std::uint64_t{0});
    line += fmt::format(": {} of {} free ({:.1f} %)", base::size_text(free), base::size_text(whole),
                        percent(free, whole));
    const auto inodes = place.value("inodes", std::uint64_t{0});
    if (inodes != 0) {
        const auto free_inodes = place.value("free_inodes", std::uint64_t{0});
        line += fmt::format(", {} of {} inodes ({:.1f} %)", free_inodes, inodes,
                            percent(free_inodes, inodes));
    }
    return line + "\n";
}

/// The id of an image in the length that docker shows.
std::string short_name(const json& item) {
    std::string name = cell(item, "name");
    constexpr std::string_view kDigest = "sha256:";
    if (cell(item, "kind") == "image" && name.starts_with(kDigest))
        name = name.substr(kDigest.size(), 12);
    return name;
}

std::string place_text(const json& place, bool dry_run) {
    std::string out = space_line(place);
    if (const std::string problem = cell(place, "problem"); !problem.empty())
        out += "problem: " + problem + "\n";
    const json& items = place.at("items");
    if (place.value("failed", false)) return out;
    if (items.empty()) return out + "nothing of the runner is there that could go\n";
    std::vector<TableRow> rows{{"ACTION", "KIND", "WHAT", "SIZE", "LAST USED", "REASON", "NAME"}};
    std::size_t goes = 0;
    std::uint64_t bytes = 0;
    bool all_known = true;
    for (const auto& item : items) {
        rows.push_back({cell(item, "action"), cell(item, "kind"), cell(item, "title"),
                        size_of(item, "bytes"), cell(item, "last_used"), cell(item, "reason"),
                        short_name(item)});
        if (cell(item, "action") != "remove") continue;
        ++goes;
        all_known = all_known && item.at("bytes").is_number_unsigned();
        if (item.at("bytes").is_number_unsigned()) bytes += item.at("bytes").get<std::uint64_t>();
    }
    out += text_table(rows);
    if (dry_run) {
        return out + fmt::format("would remove {} of {}: {}{}\n", goes, items.size(),
                                 base::size_text(bytes), all_known ? "" : " and what is not known");
    }
    return out + fmt::format("removed {} of {}: {}\n", place.value("removed", 0), items.size(),
                             size_of(place, "removed_bytes"));
}

}  // namespace

base::Result<std::string> gc_text(const json& answer) {
    try {
        std::string out;
        for (const auto& place : answer.at("places")) {
            if (!out.empty()) out += "\n";
            out += place_text(place, answer.at("dry_run").get<bool>());
        }
        return out;
    } catch (const json::exception& failure) {
        return base::make_error(
            base::ErrorKind::kProtocol,
            fmt::format("the answer is not one about unused data: {}", failure.what()));
    }
}

bool gc_succeeded(const json& answer) {
    if (!answer.is_object() || !answer.contains("places")) return false;
    for (const auto& place : answer.at("places")) {
        if (place.value("failed", false)) return false;
        for (const auto& item : place.value("items", json::array())) {
            if (cell(item, "action") == "failed") return false;
        }
    }
    return true;
}

}  // namespace runner::commands
