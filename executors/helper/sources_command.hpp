#pragma once

#include <string>

#include "executors/helper/git_directory.hpp"

namespace executors::helper {

struct SourcesOptions {
    std::string project;
    std::string tmp;
    /// Directory of all builds, when links between it and the project are not the administrator's;
    /// else "".
    std::string builds;
    std::string seed;   ///< what seed_mirror() has made
    std::string clone;  ///< what git did: a word for the daemon
    GitDirectoryRules rules;
};

/// `runner-helper sources <action>`: what get_sources does with the files that a former job left.
/// It runs as the job's user and follows no link of that job. Throws Failure.
///
/// begin              empties the temporary directory; links on the way to it are removed, and
///                    without a seed also those of former jobs
/// repository         clean_git_directory()
/// submodules         clean_submodules()
/// forget-submodules  forget_submodules()
/// open               gives the user the rights to change its own directories in the project
/// spread             spread_children() of the project
/// seed               seed_repository()
/// measure            report_clone()
/// remove             removes the project; what cannot be removed is renamed
int run_sources_command(const std::string& action, const SourcesOptions& options);

}  // namespace executors::helper
