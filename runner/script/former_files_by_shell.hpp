#pragma once

#include <string>

/// The commands of former_files.hpp for a place without runner-helper, in words that bash, sh and
/// the usual tools know. What they remove is what the official runner removes
/// (job-runtime.md §4.2). Pure.
namespace runner::script {

std::string begin_job_by_shell(const std::string& tmp);
/// `config`: also the configuration and the hooks, which would run in the next job.
std::string clean_repository_by_shell(const std::string& project, bool config);
std::string forget_submodules_by_shell(const std::string& project);
std::string open_project_by_shell(const std::string& project);
std::string remove_by_shell(const std::string& directory);

}  // namespace runner::script
