#include "runner/migrate/config_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "runner/config/schema.hpp"

namespace runner::migrate {

namespace {

using config::Finding;
using config::Node;
using config::Section;
using Meaning = ConfigLine::Meaning;

/// Keys that work, and in what they differ; docs/migration.md says more.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kDifferences{{
    {"check_interval",
     "a runner that has just got a job is asked again as soon as there is room, too"},
    {"listen_address", "serves a status page, /status.json and /health beside /metrics"},
    {"runners.docker.privileged",
     "if true, an image such as docker:dind runs its own engine, with a builder"},
}};

std::string_view difference_of(std::string_view path) {
    for (const auto& [key, text] : kDifferences) {
        if (key == path) return text;
    }
    return "";
}

class Walk {
  public:
    explicit Walk(const std::vector<Finding>& findings) : findings_(findings) {}

    void table(const Section* section, const Node& table, int depth, bool quiet) {
        const bool silent = quiet || (section != nullptr && !section->no_effect.empty());
        for (const auto& entry : table.entries) {
            const Section* child =
                section == nullptr ? nullptr : config::find_child(*section, entry.key);
            if (child != nullptr && child->repeated && entry.value.kind == Node::Kind::kArray) {
                for (const Node& item : entry.value.items) below(*child, item, depth, silent);
            } else if (child != nullptr && entry.value.is_table()) {
                below(*child, entry.value, depth, silent);
            } else {
                key(section, entry, depth, silent);
            }
        }
    }
    std::vector<ConfigLine> take() {
        std::stable_sort(lines_.begin(), lines_.end(),
                         [](const ConfigLine& a, const ConfigLine& b) { return a.line < b.line; });
        return std::move(lines_);
    }

  private:
    void below(const Section& section, const Node& node, int depth, bool quiet) {
        const bool works = !quiet && section.no_effect.empty();
        add(node.begin.line, depth,
            section.repeated ? fmt::format("[[{}]]", section.path)
                             : fmt::format("[{}]", section.path),
            works ? Meaning::kWorks : Meaning::kNoEffect, section.no_effect);
        table(&section, node, depth + 1, quiet);
    }

    void key(const Section* section, const Node::Entry& entry, int depth, bool quiet) {
        const config::Key* known =
            section == nullptr ? nullptr : config::find_key(*section, entry.key);
        const int line = entry.position.line;
        const bool ignored = known == nullptr || known->set == nullptr || quiet ||
                             has_finding(line, Finding::Kind::kNoEffect);
        if (ignored) {
            const bool explain = known != nullptr && !quiet;
            const std::string_view why = explain ? known->help : std::string_view();
            return add(line, depth, entry.key, Meaning::kNoEffect, why);
        }
        const std::string_view difference = difference_of(config::full_path(*section, *known));
        add(line, depth, entry.key, difference.empty() ? Meaning::kWorks : Meaning::kDiffers,
            difference);
    }

    [[nodiscard]] bool has_finding(int line, Finding::Kind kind) const {
        return std::any_of(findings_.begin(), findings_.end(), [&](const Finding& finding) {
            return finding.position.line == line && finding.kind == kind;
        });
    }

    /// Findings about the value say more than the schema does.
    void add(int line, int depth, std::string key, Meaning meaning, std::string_view text) {
        const auto finding =
            std::find_if(findings_.begin(), findings_.end(), [line](const Finding& f) {
                return f.position.line == line && f.kind != Finding::Kind::kNoEffect;
            });
        if (finding == findings_.end()) {
            lines_.push_back({line, depth, std::move(key), meaning, std::string(text)});
            return;
        }
        const bool unknown = finding->kind == Finding::Kind::kUnknownKey;
        const bool note = finding->severity == Finding::Severity::kNote;
        lines_.push_back({line, depth, std::move(key),
                          unknown ? Meaning::kNoEffect
                          : note  ? Meaning::kDiffers
                                  : Meaning::kStops,
                          finding->text});
    }

    const std::vector<Finding>& findings_;
    std::vector<ConfigLine> lines_;
};

}  // namespace

std::vector<ConfigLine> report_config(const Node& root, const config::Inspection& inspection) {
    Walk walk(inspection.findings);
    walk.table(config::find_section(""), root, 0, false);
    return walk.take();
}

std::string_view name_of(Meaning meaning) {
    switch (meaning) {
        case Meaning::kWorks: return "works";
        case Meaning::kDiffers: return "differs";
        case Meaning::kNoEffect: return "does nothing";
        case Meaning::kStops: return "STOPS";
    }
    return "";
}

}  // namespace runner::migrate
