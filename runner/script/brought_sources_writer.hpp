#pragma once

#include <string>

#include "base/result.hpp"
#include "runner/script/git_location.hpp"
#include "runner/script/git_strategy.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The parts of get_sources when git does not run in the environment, in the order in which they
/// run. The daemon unpacks the files between `clean` and `after`.
struct SplitSources {
    /// In the environment: hooks.
    std::string before;
    /// On the host: git.
    std::string host;
    /// In the environment: makes room for the files.
    std::string clean;
    /// In the environment: git's configuration, hooks.
    std::string after;
    /// Whether there are files to unpack.
    bool checkout = true;
};

/// Writes get_sources for an environment without git. Pure; life: see ScriptContext.
class SplitSourcesWriter {
  public:
    explicit SplitSourcesWriter(const ScriptContext& context) : context_(context) {}

    /// For a strategy that brings sources; kNone and kEmpty have no parts. `host`: directories on
    /// the host, where the work tree stays empty except for submodules. Failures:
    /// check_git_settings(), and kConfiguration for flags that only git in the image can have.
    [[nodiscard]] base::Result<SplitSources> split_sources(const GitDirectories& host) const;
    /// The names of the files that the daemon unpacked, each ended by a zero byte.
    [[nodiscard]] std::string file_list() const;

  private:
    [[nodiscard]] base::Result<void> check_host_flags() const;
    [[nodiscard]] std::string before() const;
    [[nodiscard]] std::string on_host(const GitDirectories& host, GitStrategy strategy) const;
    [[nodiscard]] std::string clean(GitStrategy strategy, bool checkout) const;
    [[nodiscard]] std::string after() const;

    const ScriptContext& context_;
};

}  // namespace runner::script
