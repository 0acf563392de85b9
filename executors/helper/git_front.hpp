#pragma once

#include <functional>
#include <string>
#include <vector>

namespace executors::helper {

/// The directory in a container that packaging/make-git fills. Its programs name it as the place of
/// their loader and libraries.
inline constexpr const char* kGitHome = "/.runner/git";

/// The variables that git needs besides those of the job. Pure. `is_set`: whether the job has a
/// variable; `exists`: whether the container has a file.
///
/// A file of settings comes in front of the image's /etc/gitconfig and includes it, so every
/// setting of the image and of the job wins over it. It has the filters of Git LFS, and names the
/// authorities where they are not in Debian's place, which libcurl knows: the image's own, else
/// those that the runner brings.
std::vector<std::pair<std::string, std::string>> git_variables(
    const std::function<bool(const std::string&)>& is_set,
    const std::function<bool(const std::string&)>& exists);

/// `git` of /.runner/git/bin: becomes the git that the runner has brought. Variables of the dynamic
/// loader are removed: they are meant for the programs and libraries of the image. Returns only
/// when git cannot be started: 127, with a sentence on standard error.
int run_git_front(std::vector<std::string> arguments);

}  // namespace executors::helper
