#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "runner/config/config.hpp"
#include "runner/config/edit.hpp"

namespace runner::daemon {

/// An authentication token that the server has given in place of an old one. The old one is dead.
struct NewToken {
    std::string url;
    base::Secret old_token;
    base::Secret token;
    config::TokenDates dates;
};

/// Writes the new token into every entry of config.toml that has the old one. Answers false when no
/// entry has it: somebody else has changed the file.
base::Result<bool> write_token(const std::filesystem::path& config_path, const NewToken& token);

/// Whether write_token() would succeed for a new token of this runner. Call it before the server is
/// asked, because the server's answer ends the old token.
base::Result<void> check_token_edit(const std::filesystem::path& config_path,
                                    const config::RunnerConfig& runner);

/// New tokens that could not be written into config.toml. They are used all the same, and are kept
/// in a file of the state directory (new-tokens.json, 0600) until config.toml has them.
///
/// Any thread; each process has its own object. Several processes may add to the file.
class KeptTokens {
  public:
    /// Reads what was kept earlier.
    explicit KeptTokens(const std::filesystem::path& state_directory);
    /// Those beside the journal of a daemon with this configuration.
    static KeptTokens beside(const std::filesystem::path& config_path);

    /// Adds what another process has kept since (`runner reset-token`). A file that cannot be read
    /// is logged.
    void read();
    /// Keeps a token in memory and in the file; a failure concerns the file only.
    base::Result<void> keep(NewToken token);
    /// Replaces old tokens in a configuration that was read.
    void use_in(config::Config& config) const;
    /// Writes them into config.toml and forgets them.
    base::Result<void> write_into(const std::filesystem::path& config_path);

    [[nodiscard]] bool empty() const { return tokens_.empty(); }
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    base::Result<void> save() const;

    std::filesystem::path file_;
    std::vector<NewToken> tokens_;  ///< oldest first
};

}  // namespace runner::daemon
