#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "protocol/gitlab/payload.hpp"
#include "runner/script/cache_links.hpp"
#include "runner/script/script_context.hpp"

namespace runner::script {

/// The scripts that restore and save the job's caches (job-runtime.md §6). The caches lie in a
/// directory of the environment, and runner-helper packs and unpacks them there. Pure; life:
/// see ScriptContext.
///
/// Without an object storage, a stage is one script: restore() or archive(). With one, the daemon
/// carries out plan() and moves the archives; each of its steps has a script, whose exit code is a
/// FilesExit (executors/helper/files_command.hpp).
///
/// Failures: kConfiguration for a policy that does not exist.
class CacheWriter {
  public:
    using Cache = protocol::gitlab::Cache;

    /// Where one cache lies.
    struct Name {
        std::string key;    ///< part of the path; "": not usable
        std::string shown;  ///< as the job wrote it
    };
    struct Plan {
        Name name;
        std::vector<std::string> warnings;
        bool pulls = false;
        bool pushes = false;
    };

    explicit CacheWriter(const ScriptContext& context) : context_(context) {}

    /// `links`: for the programs of a driver's environment, which move the archives themselves.
    [[nodiscard]] base::Result<std::string> restore(const CacheLinks& links = {}) const;
    /// `success`: how the job ended, for the caches' `when`.
    [[nodiscard]] base::Result<std::string> archive(bool success,
                                                    const CacheLinks& links = {}) const;

    [[nodiscard]] base::Result<Plan> plan(const Cache& cache) const;
    /// In the order in which they are tried: the cache's own name, then the fallbacks.
    [[nodiscard]] std::vector<Name> names_to_restore(const Cache& cache, const Plan& plan,
                                                     std::vector<std::string>& warnings) const;
    /// Whether keys are hashed (FF_HASH_CACHE_KEYS).
    [[nodiscard]] bool hashes_keys() const;

    /// What a script may unpack.
    enum class Copy {
        kAny,      ///< whatever lies on this host
        kSame,     ///< the copy on this host if it is the object `etag`
        kUnsent,   ///< the copy on this host if the storage never had it
        kFetched,  ///< fetched_file(), which is the object `etag`
    };
    [[nodiscard]] std::string restore_copy(const Name& name, Copy copy,
                                           const std::string& etag) const;
    [[nodiscard]] std::string save(const Cache& cache, const Name& name) const;
    [[nodiscard]] std::string note_sent(const Name& name, const std::string& etag) const;
    [[nodiscard]] std::string file(const Name& name) const;
    /// Where the daemon puts what it has fetched. A script with kSame or kUnsent has made its
    /// directory.
    [[nodiscard]] std::string fetched_file(const Name& name) const {
        return file(name) + ".fetched";
    }

  private:
    void restore_one(ShellWriter& writer, const std::vector<Name>& names,
                     const CacheLinks& links) const;
    void archive_one(ShellWriter& writer, const Cache& cache, const Name& name,
                     const CacheLinks& links) const;
    [[nodiscard]] std::string save_command(ShellWriter& writer, const Cache& cache,
                                           const Name& name, bool detailed,
                                           const CacheLinks& links) const;
    void begin(ShellWriter& writer) const;

    const ScriptContext& context_;
};

}  // namespace runner::script
