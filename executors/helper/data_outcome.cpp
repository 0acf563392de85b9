#include "executors/helper/data_outcome.hpp"

#include <fcntl.h>

#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "executors/helper/data_root.hpp"
#include "executors/helper/directory.hpp"

namespace executors::helper {

namespace {

constexpr std::size_t kLimit = 1U << 20U;

}  // namespace

void write_outcome(const DataOutcome& outcome, const std::string& file) {
    const nlohmann::json value{{"warm", outcome.warm},
                               {"reason", outcome.reason},
                               {"root", outcome.root},
                               {"token", outcome.token},
                               {"names", outcome.names}};
    write_file_in(AT_FDCWD, file, base::dump_json(value) + "\n");
}

std::optional<DataOutcome> read_outcome(const std::string& file) {
    const auto text = read_small_file(AT_FDCWD, file, kLimit);
    if (!text) return std::nullopt;
    const auto value = base::parse_foreign_json(*text);
    if (!value.is_object()) return std::nullopt;
    DataOutcome outcome{base::value_at(value, "warm") == true, base::text_at(value, "reason"),
                        base::text_at(value, "root"), base::text_at(value, "token")};
    const auto& names = base::value_at(value, "names");
    if (!names.is_array()) return outcome;
    for (const auto& name : names) {
        if (name.is_string()) outcome.names.push_back(name.get<std::string>());
    }
    return outcome;
}

}  // namespace executors::helper
