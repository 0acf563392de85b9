#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The scripts that restore and save the job's caches (job-runtime.md §6). The caches lie in a
/// directory of the environment, and runner-helper packs and unpacks them there. Pure; life:
/// see ScriptContext.
///
/// Failures: kConfiguration for a policy that does not exist.
class CacheWriter {
  public:
    explicit CacheWriter(const ScriptContext& context) : context_(context) {}

    [[nodiscard]] base::Result<std::string> restore() const;
    /// `success`: how the job ended, for the caches' `when`.
    [[nodiscard]] base::Result<std::string> archive(bool success) const;

  private:
    /// Where one cache lies.
    struct Name {
        std::string key;    ///< part of the path; "": not usable
        std::string shown;  ///< as the job wrote it
    };
    struct Plan {
        Name name;
        std::string warning;
        bool pulls = false;
        bool pushes = false;
    };

    [[nodiscard]] base::Result<Plan> plan(const protocol::gitlab::Cache& cache) const;
    [[nodiscard]] std::vector<Name> names_to_restore(ShellWriter& writer,
                                                     const protocol::gitlab::Cache& cache,
                                                     const Name& own) const;
    void restore_one(ShellWriter& writer, const std::vector<Name>& names) const;
    void archive_one(ShellWriter& writer, const protocol::gitlab::Cache& cache,
                     const Name& name) const;
    [[nodiscard]] std::string file(const Name& name) const;

    const ScriptContext& context_;
};

}  // namespace runner::script
