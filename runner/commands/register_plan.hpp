#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/commands/arguments.hpp"

/// Which kind of token `register` was given, and which flags may stand beside it. Pure, except for
/// the files that token flags name.
namespace runner::commands {

/// How the runner is made at GitLab.
enum class Registration {
    kAuthenticationToken,  ///< verify only (glrt-, or an old authentication token)
    kRegistrationToken,    ///< POST /runners
    kAccessToken,          ///< POST /user/runners, then verify
};

struct RegistrationPlan {
    Registration kind = Registration::kAuthenticationToken;
    base::Secret token;  ///< of the kind above
    /// A glrt- token was given as a registration token: the flags for the server are ignored.
    bool compatible = false;
    protocol::gitlab::RunnerScope scope;  ///< for kAccessToken
};

/// The flags whose values go to the server, and those that name tokens.
std::vector<Flag> registration_flags();

/// kInvalidInput when two kinds of tokens are given, or a glrt- token beside flags for the server.
/// Without any token the kind is kRegistrationToken and the token is empty: the user is asked for
/// it.
base::Result<RegistrationPlan> plan_registration(const Values& values);

/// Takes a token that the user typed when asked for a registration token; it may be of two kinds.
void take_typed_token(RegistrationPlan& plan, const std::string& token);

/// The tags of --tag and --tag-list, in this order, separated by commas.
std::string tags_of(const Values& values);

/// The fields of POST /runners and POST /user/runners that describe the runner. A failure names
/// every flag with a wrong value, one a line.
base::Result<protocol::gitlab::RunnerDescription> description_of(
    const Values& values, const std::string& name, const std::string& tags,
    const std::string& maintenance_note);

}  // namespace runner::commands
