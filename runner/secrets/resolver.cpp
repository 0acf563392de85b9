#include "runner/secrets/resolver.hpp"

#include <fmt/format.h>

#include <array>
#include <type_traits>

#include "base/stop_source.hpp"

namespace runner::secrets {

namespace gitlab = protocol::gitlab;
using base::ErrorKind;
using base::Result;
using base::Task;

namespace {

constexpr std::chrono::seconds kLongest{60};

/// What a variable or a file of a script can have.
Result<void> check_value(const std::string& value) {
    if (value.find('\0') == std::string::npos) return {};
    return base::invalid_input(
        "its value has a NUL byte, which no variable can have: store it as base64");
}

}  // namespace

std::string_view provider_name(const gitlab::Secret& secret) {
    constexpr std::array<std::string_view, 6> kNames{"",
                                                     "vault",
                                                     "gitlab_secrets_manager",
                                                     "gcp_secret_manager",
                                                     "azure-key-vault",
                                                     "aws_secrets_manager"};
    return kNames.at(secret.source.index());
}

std::string_view identity_of(const gitlab::Secret& secret) {
    const auto identity = [](const auto& source) -> std::string_view {
        if constexpr (std::is_same_v<std::decay_t<decltype(source)>, std::monostate>) {
            return {};
        } else {
            return source.jwt;
        }
    };
    return std::visit(identity, secret.source);
}

Task<Result<std::string>> Resolver::fetch(const gitlab::Secret& secret) {
    if (const auto* vault = std::get_if<gitlab::VaultSecret>(&secret.source))
        return vault_.read(*vault);
    if (const auto* own = std::get_if<gitlab::GitLabSecret>(&secret.source))
        return vault_.read(*own);
    if (const auto* gcp = std::get_if<gitlab::GcpSecret>(&secret.source))
        return read_gcp(calls_, *gcp);
    if (const auto* azure = std::get_if<gitlab::AzureSecret>(&secret.source))
        return read_azure(calls_, *azure, environment_);
    return read_aws(calls_, std::get<gitlab::AwsSecret>(secret.source), environment_);
}

Task<Result<std::string>> Resolver::resolve(const gitlab::Secret& secret) {
    auto fetching = fetch(secret);
    auto value = co_await base::with_deadline<std::string>(std::move(fetching), kLongest);
    if (value) {
        if (auto usable = check_value(*value); !usable) value = usable.error();
    }
    if (!value) co_return value.error().with_context(provider_name(secret));
    co_return std::move(value);
}

}  // namespace runner::secrets
