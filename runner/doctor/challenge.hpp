#pragma once

#include <string>
#include <string_view>

namespace runner::doctor {

/// The parameters of a WWW-Authenticate header: `Bearer realm="…",service="…"`. Pure.
struct Challenge {
    bool bearer = false;
    std::string realm;
    std::string service;
    std::string scope;
};
Challenge parse_challenge(std::string_view header);

}  // namespace runner::doctor
