#include "runner/job/size_check.hpp"

#include <fmt/format.h>

#include <vector>

#include "runner/script/environment_limits.hpp"
#include "runner/script/size_limits.hpp"

namespace runner::job {

namespace {

std::string argument_problem(std::string_view field, const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
        if (argument.size() < script::kMaxEntryBytes) continue;
        return fmt::format("{}: an argument has {} bytes, and a program can be given {}", field,
                           argument.size(), script::kMaxEntryBytes - 1);
    }
    return {};
}

std::string entrypoint_problem(std::string_view field, const executors::ImageSpec& image) {
    if (!image.entrypoint) return {};
    return argument_problem(field, *image.entrypoint);
}

std::string service_problem(const executors::ServiceSpec& service) {
    auto problem = entrypoint_problem("services:entrypoint", service.image);
    if (problem.empty()) problem = argument_problem("services:command", service.command);
    if (!problem.empty()) return problem;
    problem = script::environment_problem(service.environment);
    return problem.empty() ? problem : "service " + service.image.name + ": " + problem;
}

}  // namespace

std::string variables_problem(const script::Variables& variables) {
    if (!variables.problem().empty()) return variables.problem();
    // A container's configuration follows chains of variables, scripts do not.
    const auto problem = script::environment_problem(variables.environment());
    if (!problem.empty()) return problem;
    return script::environment_problem(variables.public_environment());
}

std::string services_problem(const executors::JobEnvironment& environment) {
    if (environment.image) {
        auto problem = entrypoint_problem("image:entrypoint", *environment.image);
        if (!problem.empty()) return problem;
    }
    for (const executors::ServiceSpec& service : environment.services) {
        if (auto problem = service_problem(service); !problem.empty()) return problem;
    }
    return {};
}

}  // namespace runner::job
