#include "runner/script/environment_limits.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.hpp"
#include "runner/script/size_limits.hpp"
#include "runner/script/variable_names.hpp"

namespace runner::script {

using executors::EnvironmentVariable;

namespace {

constexpr std::size_t kNamed = 3;
constexpr std::string_view kRemedy =
    "Use variables of type File for large values: the program then gets the path of a file.";

std::size_t entry_bytes(const EnvironmentVariable& variable) {
    return variable.name.size() + variable.value.size() + 2;  // "=", and the zero at the end
}

std::string described(const EnvironmentVariable& variable) {
    return fmt::format("{} ({} bytes)", shown_name(variable.name), variable.value.size());
}

std::string largest(std::vector<EnvironmentVariable> variables) {
    const auto count = static_cast<std::ptrdiff_t>(std::min<std::size_t>(kNamed, variables.size()));
    std::partial_sort(variables.begin(), variables.begin() + count, variables.end(),
                      [](const auto& a, const auto& b) { return entry_bytes(a) > entry_bytes(b); });
    std::vector<std::string> names;
    for (auto at = variables.begin(); at != variables.begin() + count; ++at) {
        names.push_back(described(*at));
    }
    return base::join(names, ", ");
}

}  // namespace

std::string environment_problem(const std::vector<EnvironmentVariable>& environment) {
    std::size_t total = 0;
    for (const EnvironmentVariable& variable : environment) {
        total += entry_bytes(variable) + sizeof(char*);
        if (entry_bytes(variable) <= kMaxEntryBytes) continue;
        return fmt::format(
            "the variable {} is too large for the environment of a program: name and value may "
            "have {} bytes together. {}",
            described(variable), kMaxEntryBytes - 2, kRemedy);
    }
    if (total <= kMaxEnvironmentBytes) return {};
    return fmt::format(
        "the variables are too large for the environment of a program: they have {} bytes "
        "together and may have {}; the largest are {}. {}",
        total, kMaxEnvironmentBytes, largest(environment), kRemedy);
}

}  // namespace runner::script
