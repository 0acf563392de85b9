#include "runner/commands/server_registration.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace runner::commands {

base::Result<std::unique_ptr<ServerRegistration>> ServerRegistration::open(
    const config::RunnerConfig& server, Machine machine) {
    auto session = GitlabSession::open(server);
    if (!session) return session.error();
    return std::unique_ptr<ServerRegistration>(
        new ServerRegistration(std::move(*session), server.url, std::move(machine)));
}

ServerRegistration::Answer ServerRegistration::verify(const base::Secret& token) {
    const std::string short_token = config::short_token(token);
    auto answer = session_->verify(token, machine_.system_id, machine_.info);
    if (!answer) {
        const bool refused = answer.error().is(base::ErrorKind::kForbidden);
        base::log::error(
            refused ? "Verifying runner... is not valid" : "Verifying runner... failed",
            {{"runner", short_token}});
        return answer.error().with_context("Failed to verify the runner");
    }
    if (answer->id == 0) {
        return base::make_error(
            base::ErrorKind::kProtocol,
            fmt::format("Failed to verify the runner: {} did not say its number; is this a "
                        "GitLab of release 15.10 or later?",
                        url_));
    }
    base::log::info("Verifying runner... is valid", {{"runner", short_token}});
    // The server may leave the token out of its answer.
    answer->token = token;
    return answer;
}

ServerRegistration::Answer ServerRegistration::register_legacy(
    const base::Secret& token, const protocol::gitlab::RunnerDescription& description) {
    base::log::warning(
        "Support for registration tokens and runner parameters in the 'register' command is "
        "deprecated in GitLab: make the runner in GitLab and give its token, or use "
        "--access-token");
    const std::string short_token = config::short_token(token);
    auto answer = session_->register_runner(token, description, machine_.info);
    if (!answer) {
        const bool refused = answer.error().is(base::ErrorKind::kForbidden);
        base::log::error(refused ? "Registering runner... forbidden (check registration token)"
                                 : "Registering runner... failed",
                         {{"runner", short_token}});
        return answer.error().with_context("Failed to register the runner");
    }
    base::log::info("Registering runner... succeeded", {{"runner", short_token}});
    return answer;
}

ServerRegistration::Answer ServerRegistration::create(
    const base::Secret& access_token, const protocol::gitlab::RunnerScope& scope,
    const protocol::gitlab::RunnerDescription& description) {
    auto answer = session_->create_runner(access_token, scope, description);
    if (!answer) {
        base::log::error("Creating runner... failed");
        return answer.error().with_context(
            "Failed to create the runner (the access token needs the scope create_runner)");
    }
    base::log::info("Creating runner... succeeded",
                    {{"runner", config::short_token(answer->token)}});
    return answer;
}

void ServerRegistration::take_back(Registration kind, const base::Secret& token) {
    const bool only_verified =
        kind == Registration::kAuthenticationToken && !is_created_token(token);
    if (token.empty() || only_verified) return;
    auto gone = kind == Registration::kAccessToken
                    ? session_->delete_runner(token)
                    : session_->unregister(token, machine_.system_id);
    const std::string short_token = config::short_token(token);
    if (gone) {
        base::log::warning("The registration was taken back", {{"runner", short_token}});
    } else {
        base::log::error("The registration could not be taken back: remove the runner in GitLab",
                         {{"runner", short_token}, {"error", gone.error().message}});
    }
}

}  // namespace runner::commands
