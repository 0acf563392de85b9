#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace runner::config {

struct SystemId {
    std::string value;  ///< ^[sr]_[0-9a-zA-Z]{12}$
    bool created = false;
    /// An invalid file was replaced; a new one could not be written.
    std::vector<std::string> warnings;
};

/// The id by which GitLab tells machines with the same runner apart: that of `.runner_system_id` in
/// the directory of the configuration. Without that file, an id is made and written to it (0600).
/// It never fails: an id that cannot be written is used all the same.
SystemId load_system_id(const std::filesystem::path& config_path);

/// The id of the file as it is; "" when there is none, or none that is valid.
std::string read_system_id(const std::filesystem::path& config_path);

/// The system id that is derived from a machine id: "s_" and twelve hex digits.
std::string system_id_from_machine_id(const std::string& machine_id);

}  // namespace runner::config
