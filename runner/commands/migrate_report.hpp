#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "runner/migrate/config_report.hpp"
#include "runner/migrate/volume_adoption.hpp"
#include "runner/systemctl/unit_state.hpp"

namespace runner::commands {

/// What `runner migrate` has found on this machine.
struct MigrationReport {
    std::filesystem::path config;
    std::vector<migrate::ConfigLine> lines;

    /// The official runner's service.
    struct Service {
        std::string name;
        std::string problem;  ///< why systemd cannot be asked; may have several lines
        systemctl::UnitState state;
        std::vector<std::string> notes;
        std::vector<std::string> stops;  ///< what has to be mended before the move
    } service;

    /// The cache volumes of a docker runner.
    struct Caches {
        std::string runner;
        bool cold_cache_dir = false;  ///< `cache_dir` is set; what lies below it is not used
        std::string problem;          ///< why the volumes cannot be listed
        migrate::VolumePlan plan;
    };
    std::vector<Caches> caches;

    [[nodiscard]] int count(migrate::ConfigLine::Meaning meaning) const;
    /// How many things stop the move.
    [[nodiscard]] int stops() const;
};

std::string migration_text(const MigrationReport& report);
nlohmann::ordered_json migration_json(const MigrationReport& report);

}  // namespace runner::commands
