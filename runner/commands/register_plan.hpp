#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "protocol/gitlab/client.hpp"
#include "runner/commands/arguments.hpp"

/// The server's side of `register`: which kind of token was given and what may be said beside it.
/// Pure.
namespace runner::commands {

/// How a runner comes to be.
enum class Registration {
    kAuthenticationToken,  ///< verify only (glrt-, or an old authentication token)
    kRegistrationToken,    ///< POST /runners
    kAccessToken,          ///< POST /user/runners, then verify
};

struct RegistrationPlan {
    Registration kind = Registration::kAuthenticationToken;
    base::Secret token;  ///< the one of the kind
    bool compatible =
        false;  ///< glrt- given as a registration token: server-side flags are left out
    protocol::gitlab::RunnerScope scope;  ///< kAccessToken
};

/// The flags whose values go to the server, and those that name tokens.
std::vector<Flag> registration_flags();

/// kInvalidInput when two kinds of tokens are given, or a glrt- token beside server-side flags.
/// Without any token the kind is kRegistrationToken with an empty one: it is asked for.
base::Result<RegistrationPlan> plan_registration(const Values& values);

/// A token that a person typed when asked for a registration token.
void take_typed_token(RegistrationPlan& plan, const std::string& token);

/// Tags of --tag and --tag-list, in this order, comma separated.
std::string tags_of(const Values& values);

/// What POST /runners and POST /user/runners say about the runner.
base::Result<protocol::gitlab::RunnerDescription> description_of(
    const Values& values, const std::string& name, const std::string& tags,
    const std::string& maintenance_note);

}  // namespace runner::commands
