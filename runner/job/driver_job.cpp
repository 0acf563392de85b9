#include "runner/job/driver_job.hpp"

#include <fmt/format.h>

#include <map>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "runner/script/shells.hpp"

namespace runner::job {

using executors::EnvironmentVariable;

namespace {

/// The first of the aliases, which blanks or commas part.
std::string first_alias(const std::string& aliases) {
    const auto begin = aliases.find_first_not_of(" ,");
    if (begin == std::string::npos) return {};
    return aliases.substr(begin, aliases.find_first_of(" ,", begin) - begin);
}

}  // namespace

base::Result<void> PayloadDriverJob::configure(const executors::DriverAnswer& answer) {
    const std::string shell = answer.shell.value_or("");
    if (!script::is_known_shell(shell)) {
        return base::make_error(
            base::ErrorKind::kConfiguration,
            fmt::format("config_exec answers the shell \"{}\", which is not one that this runner "
                        "can write scripts for: answer \"bash\" or \"sh\"",
                        shell));
    }
    DirectoryWishes wishes;
    wishes.builds = answer.builds_dir;
    wishes.cache = answer.cache_dir;
    wishes.builds_are_shared = answer.builds_dir_is_shared.value_or(false);
    return context_.choose_directories(wishes);
}

std::vector<EnvironmentVariable> PayloadDriverJob::variables() const {
    return driver_job_variables(context_);
}

std::vector<EnvironmentVariable> driver_job_variables(const JobContext& context) {
    std::map<std::string, std::string> values;
    for (auto& variable : context.variables.environment())
        values[variable.name] = std::move(variable.value);
    for (auto& file : context.variables.files()) values[file.name] = std::move(file.value);
    values["CI_JOB_SERVICES"] = services_json(context.payload().services);
    std::vector<EnvironmentVariable> out;
    out.reserve(values.size());
    for (auto& [name, value] : values) out.push_back({"CUSTOM_ENV_" + name, std::move(value)});
    return out;
}

std::string services_json(const std::vector<protocol::gitlab::Image>& services) {
    using nlohmann::ordered_json;
    if (services.empty()) return {};
    ordered_json list = ordered_json::array();
    for (const auto& service : services) {
        ordered_json entry;
        entry["name"] = service.name;
        entry["alias"] = first_alias(service.alias);
        entry["entrypoint"] =
            service.entrypoint ? ordered_json(*service.entrypoint) : ordered_json(nullptr);
        entry["command"] =
            service.command.empty() ? ordered_json(nullptr) : ordered_json(service.command);
        list.push_back(std::move(entry));
    }
    return base::dump_json(list);
}

}  // namespace runner::job
