#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"

namespace runner::journal {

/// "runner-" and 32 hexadecimal digits, as the official runner makes them of its token
/// (job-runtime.md §5.5): the names of volumes that outlive a job begin with it. `identity` is
/// config::runner_identity(), `slot` the number of the job among those of its project.
std::string volume_prefix(const std::string& identity, const std::string& system_id,
                          std::int64_t project, int slot);

/// Volumes of the official runner that jobs go on to use: their names replace those that this
/// program would give. Written by `runner migrate` into the state directory
/// (adopted-volumes.json), read at the daemon's start. A plain value.
class AdoptedVolumes {
  public:
    /// Empty when there is no file. kInvalidInput for a file with other content.
    static base::Result<AdoptedVolumes> read(const std::filesystem::path& state_directory);
    base::Result<void> write(const std::filesystem::path& state_directory) const;

    void adopt(const std::string& prefix, const std::string& official_prefix);
    /// The prefix to use in the place of `prefix`, which is often the same.
    [[nodiscard]] const std::string& in_place_of(const std::string& prefix) const;
    [[nodiscard]] std::size_t size() const { return names_.size(); }

  private:
    std::map<std::string, std::string> names_;
};

}  // namespace runner::journal
