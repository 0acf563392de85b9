#include "runner/journal/volume_names.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/files.hpp"
#include "base/json.hpp"

namespace runner::journal {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kHashDigits = 32;

fs::path file_in(const fs::path& state_directory) {
    return state_directory / "adopted-volumes.json";
}

}  // namespace

std::string volume_prefix(const std::string& identity, const std::string& system_id,
                          std::int64_t project, int slot) {
    const std::string text = fmt::format("{}-{}-{}-{}", identity, system_id, project, slot);
    return "runner-" + base::sha256_hex(text).substr(0, kHashDigits);
}

base::Result<AdoptedVolumes> AdoptedVolumes::read(const fs::path& state_directory) {
    AdoptedVolumes volumes;
    const fs::path file = file_in(state_directory);
    auto text = base::read_file(file);
    if (!text && text.error().is(base::ErrorKind::kNotFound)) return volumes;
    if (!text) return text.error();
    try {
        volumes.names_ = nlohmann::json::parse(*text).get<std::map<std::string, std::string>>();
    } catch (const nlohmann::json::exception& error) {
        return base::invalid_input(fmt::format(
            "{}: {}. Make it again with `runner migrate`, or remove it: caches are cold then",
            file.string(), error.what()));
    }
    return volumes;
}

base::Result<void> AdoptedVolumes::write(const fs::path& state_directory) const {
    const std::string text = base::dump_json(nlohmann::ordered_json(names_), 2) + "\n";
    return base::write_file_atomic(file_in(state_directory), text, 0600, true);
}

void AdoptedVolumes::adopt(const std::string& prefix, const std::string& official_prefix) {
    names_[prefix] = official_prefix;
}

const std::string& AdoptedVolumes::in_place_of(const std::string& prefix) const {
    const auto found = names_.find(prefix);
    return found == names_.end() ? prefix : found->second;
}

}  // namespace runner::journal
