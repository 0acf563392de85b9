#pragma once

#include <string>
#include <string_view>

#include "runner/script/script_context.hpp"

namespace runner::script {

/// The configuration that the job's repositories include, below a temporary directory.
std::string git_config_file(const std::string& tmp);
/// The answer to git's question for credentials, in the same directory.
std::string git_credentials_file(const std::string& tmp);
/// `text` in the double quotes of git's configuration files.
std::string git_config_value(std::string_view text);

/// Writes git_config_file(): how git logs in at the project's server, which certificates it uses,
/// and which addresses it replaces. Pure.
///
/// Credentials stand in a private file below the temporary directory, never in .git/config or in an
/// argument. Git passes an address to its own programs as an argument, so no address has them.
class GitConfigWriter {
  public:
    explicit GitConfigWriter(const ScriptContext& context);

    void write(ShellWriter& writer) const;

  private:
    [[nodiscard]] bool token_is_variable() const;
    [[nodiscard]] std::string credentials_file() const;
    [[nodiscard]] std::string url_rules() const;
    [[nodiscard]] std::string login_rule(const std::string& server) const;
    [[nodiscard]] std::string server_rule(std::string_view key, std::string_view value) const;
    [[nodiscard]] std::string certificate_rules() const;

    const ScriptContext& context_;
    std::string remote_;
};

/// Whether git sends the correlation id of the job's request to the server.
bool sends_correlation_id(const ScriptContext& context);

}  // namespace runner::script
