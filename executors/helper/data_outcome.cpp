#include "executors/helper/data_outcome.hpp"

#include <fcntl.h>

#include "base/json.hpp"
#include "executors/helper/data_root.hpp"
#include "executors/helper/directory.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kLimit = 4096;

}  // namespace

void write_outcome(const DataOutcome& outcome, const std::string& file) {
    const nlohmann::json value{{"warm", outcome.warm},
                               {"reason", outcome.reason},
                               {"root", outcome.root},
                               {"token", outcome.token}};
    write_file_in(AT_FDCWD, file, base::dump_json(value) + "\n");
}

std::optional<DataOutcome> read_outcome(const std::string& file) {
    const auto text = read_small_file(AT_FDCWD, file, kLimit);
    if (!text) return std::nullopt;
    const auto value = base::parse_foreign_json(*text);
    if (!value.is_object()) return std::nullopt;
    const auto word = [&value](const char* key) {
        const auto found = value.find(key);
        return found != value.end() && found->is_string() ? found->get<std::string>() : "";
    };
    const auto warm = value.find("warm");
    return DataOutcome{warm != value.end() && warm->is_boolean() && warm->get<bool>(),
                       word("reason"), word("root"), word("token")};
}

}  // namespace executors::helper
