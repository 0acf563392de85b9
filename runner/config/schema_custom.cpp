#include "runner/config/setters.hpp"

namespace runner::config::schema {

namespace {

using C = executors::custom::CustomSettings;

constexpr Key kCustom[] = {
    key("config_exec", Type::kString, "", custom<&C::config_exec>,
        "program that prints settings of the job as JSON, called first"),
    key("config_args", Type::kStrings, "", custom<&C::config_args>, "arguments of config_exec"),
    key("config_exec_timeout", Type::kInt, "3600", custom<&C::config_exec_timeout>,
        "seconds that config_exec may take"),
    key("prepare_exec", Type::kString, "", custom<&C::prepare_exec>,
        "program that makes the job's environment"),
    key("prepare_args", Type::kStrings, "", custom<&C::prepare_args>, "arguments of prepare_exec"),
    key("prepare_exec_timeout", Type::kInt, "3600", custom<&C::prepare_exec_timeout>,
        "seconds that prepare_exec may take"),
    key("run_exec", Type::kString, "", custom<&C::run_exec>,
        "program that runs one script in the job's environment; required"),
    key("run_args", Type::kStrings, "", custom<&C::run_args>,
        "arguments of run_exec, before the script's path and the stage's name"),
    key("cleanup_exec", Type::kString, "", custom<&C::cleanup_exec>,
        "program that removes the job's environment, called last and always"),
    key("cleanup_args", Type::kStrings, "", custom<&C::cleanup_args>, "arguments of cleanup_exec"),
    key("cleanup_exec_timeout", Type::kInt, "3600", custom<&C::cleanup_exec_timeout>,
        "seconds that cleanup_exec may take"),
    key("graceful_kill_timeout", Type::kInt, "600", custom<&C::graceful_kill_timeout>,
        "seconds from SIGTERM to SIGKILL when a program is stopped"),
    key("force_kill_timeout", Type::kInt, "600", custom<&C::force_kill_timeout>,
        "seconds that the program's end is waited for after SIGKILL"),
};

constexpr Section kCustomSections[] = {
    {"runners.custom", kCustom, false, "", "custom-", "CUSTOM_"},
};

}  // namespace

std::span<const Section> custom_sections() { return kCustomSections; }

}  // namespace runner::config::schema
