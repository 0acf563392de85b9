#pragma once

#include <string>

#include "runner/job/job_context.hpp"
#include "runner/secrets/resolver.hpp"

namespace runner::job {

/// The stage resolve_secrets: fetches the values of the job's secrets, masks them in the log (the
/// strings of one that is JSON also alone), and adds them to the job's variables.
///
/// The values are kept in memory only. When the job is taken up by another daemon, they are fetched
/// again, before anything of the job's output is read: without them the log could not be masked.
/// For a value that has changed since then, the scripts still have the former one, so the job
/// fails.
///
/// Life: run() once, before the environment is described. `context` outlives it. Strand: the I/O
/// thread.
class SecretStage {
  public:
    explicit SecretStage(JobContext& context);

    /// Failures: those of secrets::Resolver, with the variable's name; kCancelled when the job was
    /// stopped; kConflict for a value that has changed.
    base::Task<base::Result<void>> run();

  private:
    using Secret = protocol::gitlab::Secret;

    base::Task<base::Result<void>> resolve_all();
    base::Task<base::Result<std::string>> resolve(const Secret& secret);
    base::Task<base::Result<std::string>> try_several_times(const Secret& secret);
    base::Result<void> take(const Secret& secret, const std::string& value);
    void hide_identities();
    [[nodiscard]] std::vector<std::string> parts_of_values() const;
    [[nodiscard]] int attempts_left(const base::Error& error, int made);

    JobContext& context_;
    secrets::Resolver resolver_;
    /// The lines of the stage are in the log already: a former daemon has written them.
    const bool quiet_;
    std::vector<protocol::gitlab::Variable> variables_;
};

/// The job's failure for an error of the stage. The official runner's reasons: its configuration
/// for what a provider refuses, the external dependency for a provider that does not work.
journal::Failure secrets_failure(const base::Error& error);

}  // namespace runner::job
