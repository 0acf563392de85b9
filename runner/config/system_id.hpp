#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace runner::config {

struct SystemId {
    std::string value;  ///< ^[sr]_[0-9a-zA-Z]{12}$
    bool created = false;
    std::vector<std::string>
        warnings;  ///< an invalid file was replaced, a new one could not be kept
};

/// The identity of this machine in GitLab's eyes: that of `.runner_system_id` beside the
/// configuration, made and kept (0600) when there is none. It never fails: what cannot be written
/// is used all the same.
SystemId load_system_id(const std::filesystem::path& config_path);

/// The id that a machine id stands for: "s_" and twelve hex digits.
std::string system_id_from_machine_id(const std::string& machine_id);

}  // namespace runner::config
