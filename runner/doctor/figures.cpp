#include "runner/doctor/figures.hpp"

#include <algorithm>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "executors/helper/probe.hpp"

namespace runner::doctor {

using nlohmann::json;

namespace {

constexpr std::string_view kMark = executors::helper::kProbeMark;

/// The value at `key`, or a default one when it is missing or of another type.
template <typename T>
T at(const json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return T();
    try {
        return found->get<T>();
    } catch (const json::exception&) {
        return T();
    }
}

PathFigures path_of(const json& line) {
    return {.host = at<std::string>(line, "host"),
            .port = at<std::string>(line, "port"),
            .addresses = at<std::vector<std::string>>(line, "addresses"),
            .address = at<std::string>(line, "address"),
            .device = at<std::string>(line, "device"),
            .failed_at = at<std::string>(line, "failed_at"),
            .error = at<std::string>(line, "error"),
            .packet = at<int>(line, "packet"),
            .passes = at<int>(line, "passes")};
}

DiskFigures disk_of(const json& disk) {
    return {.path = at<std::string>(disk, "path"),
            .error = at<std::string>(disk, "error"),
            .total_bytes = at<std::uint64_t>(disk, "total_bytes"),
            .free_bytes = at<std::uint64_t>(disk, "free_bytes"),
            .total_inodes = at<std::uint64_t>(disk, "total_inodes"),
            .free_inodes = at<std::uint64_t>(disk, "free_inodes")};
}

}  // namespace

const CommandFigures* Measurements::command(std::string_view name) const {
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [name](const auto& command) { return command.name == name; });
    return found == commands.end() ? nullptr : &*found;
}

void add_measurement(std::string_view text, std::string_view place, Measurements& out) {
    const auto mark = text.find(kMark);
    if (mark == std::string_view::npos) return;
    const json line = base::parse_foreign_json(text.substr(mark + kMark.size()));
    if (!line.is_object() || at<std::string>(line, "place") != place) return;
    const auto probe = at<std::string>(line, "probe");
    if (probe == "connect") out.paths.push_back(path_of(line));
    if (probe == "disk") {
        for (const auto& disk : at<std::vector<json>>(line, "disks"))
            out.disks.push_back(disk_of(disk));
    }
    if (probe == "cgroups") {
        out.cgroups.push_back({.version = at<int>(line, "version"),
                               .writable = at<bool>(line, "writable"),
                               .controllers = at<std::vector<std::string>>(line, "controllers")});
    }
    if (probe == "platforms") {
        for (const auto& item : at<std::vector<json>>(line, "platforms"))
            out.platforms.push_back({at<std::string>(item, "name"), at<bool>(item, "runs")});
    }
    if (probe == "command") {
        out.commands.push_back({.name = at<std::string>(line, "name"),
                                .exit_code = at<int>(line, "exit_code"),
                                .output = at<std::string>(line, "output")});
    }
    if (probe == "rights") out.rights.push_back({at<bool>(line, "administrator")});
}

std::string last_line(std::string_view output) {
    std::string last;
    for (const auto& line : base::split(output, '\n')) {
        if (!base::trim(line).empty()) last = base::trim(line);
    }
    return last;
}

}  // namespace runner::doctor
