#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "runner/commands/arguments.hpp"
#include "runner/commands/refusals.hpp"
#include "runner/commands/register_plan.hpp"
#include "runner/commands/server_registration.hpp"
#include "runner/config/config.hpp"
#include "runner/config/document.hpp"

namespace runner::commands {

/// One run of `register`: from flags and the user's answers to a runner that GitLab knows and
/// config.toml has. Until the file is written, a failure takes back at GitLab what was made there.
///
/// Life: run() once. Every call blocks. `values` outlives it.
class Registrar {
  public:
    explicit Registrar(const Values& values);

    base::Result<void> run();

  private:
    [[nodiscard]] bool interactive() const { return !values_.flag("non-interactive"); }
    [[nodiscard]] std::string text(std::string_view key) const;
    void put(std::string_view key, const std::string& value);
    base::Result<void> fill(std::string_view key, std::string_view flag, std::string_view question);

    base::Result<void> prepare();
    base::Result<void> use_template();
    void check_values(Refusals& refused, bool plan_known) const;
    base::Result<void> meet_server();
    [[nodiscard]] bool may_ask_again(const base::Error& why) const;
    base::Result<void> ask_address_and_token();
    base::Result<void> connect();
    base::Result<void> introduce();
    base::Result<void> verify_given_token();
    base::Result<protocol::gitlab::RunnerDescription> ask_description();
    base::Result<void> accept(ServerRegistration::Answer answer);
    base::Result<void> ask_executor();
    base::Result<void> save();
    void say_what_is_next() const;
    void take_back();

    const Values& values_;
    std::filesystem::path path_;  ///< of config.toml
    config::Config existing_;     ///< what the file has already
    config::Node entry_ = config::Node::table();
    RegistrationPlan plan_;
    std::optional<protocol::gitlab::RunnerDescription> told_;  ///< to GitLab
    std::unique_ptr<ServerRegistration> server_;
};

}  // namespace runner::commands
