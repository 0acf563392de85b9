#include "runner/commands/migrate_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/strings.hpp"

namespace runner::commands {

namespace {

using migrate::ConfigLine;
using Meaning = ConfigLine::Meaning;
using nlohmann::ordered_json;
using Caches = MigrationReport::Caches;
using Service = MigrationReport::Service;

constexpr std::string_view kIndent = "       ";

std::string counted(std::size_t number, std::string_view thing) {
    return fmt::format("{} {}{}", number, thing, number == 1 ? "" : "s");
}

/// A line without blanks at its end.
std::string line_of(std::string text) {
    while (text.ends_with(' ')) text.pop_back();
    return text + "\n";
}

std::string config_text(const MigrationReport& report) {
    std::string out = line_of("The configuration " + report.config.string());
    out += "\n";
    for (const ConfigLine& line : report.lines) {
        const std::string name =
            std::string(static_cast<std::size_t>(line.depth) * 2, ' ') + line.key;
        out += line_of(fmt::format("{:>5}  {:<36} {:<13} {}", line.line, name,
                                   name_of(line.meaning), line.text));
    }
    return out;
}

std::string state_text(const Service& service) {
    if (!service.problem.empty()) return service.problem.substr(0, service.problem.find('\n'));
    if (!service.state.installed) return "is not installed";
    return fmt::format("{}, {}: {}", service.state.active ? "active" : "not active",
                       service.state.enabled ? "starts at boot" : "does not start at boot",
                       base::join(service.state.command, " "));
}

std::string service_text(const Service& service) {
    std::string out = "\nThe service " + service.name + "\n";
    out += line_of(fmt::format("{}{}", kIndent, state_text(service)));
    for (const auto& why : service.stops) out += line_of(fmt::format("{}STOPS: {}", kIndent, why));
    for (const auto& note : service.notes) out += line_of(fmt::format("{}{}", kIndent, note));
    return out;
}

std::size_t adopted_volumes(const Caches& caches) {
    std::size_t volumes = 0;
    for (const auto& slot : caches.plan.slots) volumes += static_cast<std::size_t>(slot.volumes);
    return volumes;
}

std::vector<std::string> sentences(const Caches& caches) {
    std::vector<std::string> all;
    if (caches.cold_cache_dir) {
        all.emplace_back(
            "those below cache_dir stay cold: their directories have the hash of the token in "
            "their names and nothing that says their project");
    }
    if (!caches.problem.empty()) {
        all.push_back("its volumes cannot be listed, and stay cold: " + caches.problem);
        return all;
    }
    const auto& plan = caches.plan;
    const std::size_t volumes = adopted_volumes(caches);
    if (volumes > 0) {
        all.push_back(fmt::format("{} of {} are used as they are, nothing is copied",
                                  counted(volumes, "volume"),
                                  counted(plan.slots.size(), "place of a project")));
    }
    if (!plan.replaced.empty()) {
        all.push_back(fmt::format("{} not used: jobs have run here already and made new ones",
                                  counted(plan.replaced.size(), "volume")));
    }
    if (!plan.of_another_token.empty()) {
        all.push_back(
            fmt::format("{} not used: made with an earlier token or system id of this runner",
                        counted(plan.of_another_token.size(), "volume")));
    }
    if (volumes == 0 && plan.replaced.empty() && plan.of_another_token.empty())
        all.emplace_back("there are no volumes of it");
    return all;
}

std::string caches_text(const std::vector<Caches>& all) {
    std::string out = "\nCaches\n";
    for (const Caches& caches : all) {
        for (const auto& sentence : sentences(caches))
            out += line_of(fmt::format("{}runner \"{}\": {}", kIndent, caches.runner, sentence));
    }
    return out;
}

std::string_view json_name(Meaning meaning) {
    switch (meaning) {
        case Meaning::kWorks: return "works";
        case Meaning::kDiffers: return "differs";
        case Meaning::kNoEffect: return "does_nothing";
        case Meaning::kStops: return "stops";
    }
    return "";
}

ordered_json lines_json(const std::vector<ConfigLine>& lines) {
    ordered_json all = ordered_json::array();
    for (const ConfigLine& line : lines) {
        all.push_back({{"line", line.line},
                       {"key", line.key},
                       {"depth", line.depth},
                       {"meaning", json_name(line.meaning)},
                       {"text", line.text}});
    }
    return all;
}

ordered_json service_json(const Service& service) {
    return {{"name", service.name},
            {"problem", service.problem},
            {"installed", service.state.installed},
            {"active", service.state.active},
            {"enabled", service.state.enabled},
            {"command", service.state.command},
            {"stops", service.stops},
            {"notes", service.notes}};
}

ordered_json caches_json(const std::vector<Caches>& all) {
    ordered_json list = ordered_json::array();
    for (const Caches& caches : all) {
        ordered_json slots = ordered_json::array();
        for (const auto& slot : caches.plan.slots) {
            slots.push_back({{"project_id", slot.project},
                             {"slot", slot.slot},
                             {"prefix", slot.prefix},
                             {"official_prefix", slot.official_prefix},
                             {"volumes", slot.volumes}});
        }
        list.push_back({{"runner", caches.runner},
                        {"cold_cache_dir", caches.cold_cache_dir},
                        {"problem", caches.problem},
                        {"used", std::move(slots)},
                        {"replaced", caches.plan.replaced},
                        {"of_another_token", caches.plan.of_another_token}});
    }
    return list;
}

}  // namespace

int MigrationReport::count(Meaning meaning) const {
    return static_cast<int>(
        std::count_if(lines.begin(), lines.end(),
                      [meaning](const ConfigLine& line) { return line.meaning == meaning; }));
}

int MigrationReport::stops() const {
    return count(Meaning::kStops) + static_cast<int>(service.stops.size());
}

std::string migration_text(const MigrationReport& report) {
    return config_text(report) + service_text(report.service) + caches_text(report.caches) +
           fmt::format("\n{} work, {} differ, {} do nothing here, {} stop the move\n",
                       report.count(Meaning::kWorks), report.count(Meaning::kDiffers),
                       report.count(Meaning::kNoEffect), report.stops());
}

ordered_json migration_json(const MigrationReport& report) {
    return {{"version", 1},
            {"config", report.config.string()},
            {"lines", lines_json(report.lines)},
            {"service", service_json(report.service)},
            {"caches", caches_json(report.caches)},
            {"summary",
             {{"works", report.count(Meaning::kWorks)},
              {"differs", report.count(Meaning::kDiffers)},
              {"does_nothing", report.count(Meaning::kNoEffect)},
              {"stops", report.stops()}}}};
}

}  // namespace runner::commands
