#include "protocol/cloud_identity/aws_identity.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/strings.hpp"
#include "protocol/cloud_identity/aws_metadata.hpp"
#include "protocol/cloud_identity/aws_profile.hpp"
#include "protocol/cloud_identity/aws_sts.hpp"

namespace protocol::cloud_identity {

using base::ErrorKind;
using base::Result;
using base::Task;
using object_storage::AwsCredentials;

namespace {

/// Somebody may replace the keys in a file: it is read again five minutes before this time is over.
constexpr std::int64_t kFileSeconds = 600;

std::string setting(const AwsProfile& profile, const char* name) {
    const auto found = profile.find(name);
    return found == profile.end() ? std::string() : found->second;
}

std::optional<AwsExpiring> keys_of(std::string access, std::string secret, std::string token) {
    if (access.empty() || secret.empty()) return std::nullopt;
    AwsExpiring keys;
    keys.value.access_key = std::move(access);
    keys.value.secret_key = base::Secret(std::move(secret));
    keys.value.session_token = base::Secret(std::move(token));
    return keys;
}

/// What other programs of AWS would use in the profile, and this one does not.
std::optional<base::Error> unused_setting(const AwsProfile& profile, const std::string& name) {
    struct Unused {
        const char* key;
        const char* why;
    };
    for (const Unused& one : {Unused{"credential_process", "no programs are started here"},
                              Unused{"sso_session", "nobody can log in here"},
                              Unused{"sso_start_url", "nobody can log in here"}}) {
        if (setting(profile, one.key).empty()) continue;
        return base::invalid_input(fmt::format(
            "the profile \"{}\" has {}, and {}: keys, a role_arn (with source_profile, "
            "credential_source or web_identity_token_file), or the role of the machine (a profile "
            "without these settings) work",
            name, one.key, one.why));
    }
    return std::nullopt;
}

class Keys final : public AwsSource {
  public:
    explicit Keys(AwsCredentials keys) { keys_.value = std::move(keys); }
    Task<Result<AwsExpiring>> fetch() override { co_return keys_; }

  private:
    AwsExpiring keys_;
};

class Role final : public AwsSource {
  public:
    Role(Surroundings surroundings, RoleCalls& calls, WantedRole role,
         std::unique_ptr<AwsSource> base)
        : surroundings_(std::move(surroundings)),
          calls_(calls),
          role_(std::move(role)),
          base_(std::move(base)) {}

    Task<Result<AwsExpiring>> fetch() override {
        auto fetching = base_->fetch();
        auto keys = co_await std::move(fetching);
        if (!keys) co_return keys.error();
        auto taking = calls_.take(surroundings_, role_, std::move(keys->value));
        auto taken = co_await std::move(taking);
        co_return std::move(taken);
    }

  private:
    Surroundings surroundings_;
    RoleCalls& calls_;
    WantedRole role_;
    std::unique_ptr<AwsSource> base_;
};

class Chain final : public AwsSource {
  public:
    Chain(Surroundings surroundings, std::string region)
        : surroundings_(std::move(surroundings)), region_(std::move(region)) {}

    Task<Result<AwsExpiring>> fetch() override {
        if (auto keys = keys_of_environment()) co_return std::move(*keys);
        const WebIdentity identity{variable("AWS_WEB_IDENTITY_TOKEN_FILE"),
                                   variable("AWS_ROLE_ARN"), variable("AWS_ROLE_SESSION_NAME")};
        if (!identity.token_file.empty() && !identity.role_arn.empty()) {
            auto taking = assume_role_with_web_identity(surroundings_, region_, identity);
            auto taken = co_await std::move(taking);
            co_return std::move(taken);
        }
        auto profiles = read_aws_profiles(surroundings_.variable);
        if (!profiles) co_return profiles.error();
        profiles_ = std::move(*profiles);
        std::string name = variable("AWS_PROFILE");
        if (name.empty()) name = "default";
        if (!profiles_.contains(name) && !variable("AWS_PROFILE").empty()) co_return missing(name);
        auto fetching = of_profile(std::move(name), 0);
        auto found = co_await std::move(fetching);
        co_return std::move(found);
    }

  private:
    [[nodiscard]] std::string variable(const char* name) const {
        return surroundings_.variable(name);
    }
    [[nodiscard]] std::optional<AwsExpiring> keys_of_environment() const {
        return keys_of(variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                       variable("AWS_SESSION_TOKEN"));
    }
    static base::Error missing(const std::string& name) {
        return base::invalid_input("the profile \"" + name +
                                   "\" is in no shared file of AWS (~/.aws/config)");
    }
    Task<Result<AwsExpiring>> of_profile(std::string name, int depth);
    Task<Result<AwsExpiring>> of_role(AwsProfile profile, std::string name, int depth);
    Task<Result<AwsExpiring>> of_host(std::string kind);

    Surroundings surroundings_;
    std::string region_;
    std::map<std::string, AwsProfile> profiles_;
};

Task<Result<AwsExpiring>> Chain::of_profile(std::string name, int depth) {
    const AwsProfile profile = profiles_.contains(name) ? profiles_.at(name) : AwsProfile();
    if (!setting(profile, "role_arn").empty()) {
        auto taking = of_role(profile, std::move(name), depth);
        auto taken = co_await std::move(taking);
        co_return std::move(taken);
    }
    if (auto keys = keys_of(setting(profile, "aws_access_key_id"),
                            setting(profile, "aws_secret_access_key"),
                            setting(profile, "aws_session_token"))) {
        keys->end = base::unix_micros_now() / 1'000'000 + kFileSeconds;
        co_return std::move(*keys);
    }
    if (auto why = unused_setting(profile, name)) co_return std::move(*why);
    if (depth > 0) co_return base::invalid_input("the profile \"" + name + "\" has no keys");
    auto asking = of_host("");
    auto found = co_await std::move(asking);
    co_return std::move(found);
}

Task<Result<AwsExpiring>> Chain::of_role(AwsProfile profile, std::string name, int depth) {
    constexpr int kDeepest = 5;
    if (depth >= kDeepest)
        co_return base::invalid_input("the source_profile of \"" + name + "\" leads in a circle");
    const WebIdentity identity{setting(profile, "web_identity_token_file"),
                               setting(profile, "role_arn"), setting(profile, "role_session_name")};
    if (!identity.token_file.empty()) {
        auto taking = assume_role_with_web_identity(surroundings_, region_, identity);
        auto taken = co_await std::move(taking);
        co_return std::move(taken);
    }
    const std::string source = setting(profile, "source_profile");
    const std::string kind = setting(profile, "credential_source");
    if (source.empty() == kind.empty()) {
        co_return base::invalid_input("the profile \"" + name +
                                      "\" with a role_arn needs a source_profile or a "
                                      "credential_source");
    }
    if (!source.empty() && !profiles_.contains(source)) co_return missing(source);
    auto fetching = source.empty() ? of_host(kind) : of_profile(source, depth + 1);
    auto keys = co_await std::move(fetching);
    if (!keys) co_return keys.error();
    auto taking = assume_role(surroundings_, region_, identity.role_arn, std::move(keys->value));
    auto taken = co_await std::move(taking);
    co_return std::move(taken);
}

/// `kind`: the credential_source of a profile; "": what there is.
Task<Result<AwsExpiring>> Chain::of_host(std::string kind) {
    if (kind == "Environment") {
        if (auto keys = keys_of_environment()) co_return std::move(*keys);
        co_return base::invalid_input("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
    }
    const bool container = has_container_address(surroundings_.variable);
    if (kind == "EcsContainer" || (kind.empty() && container)) {
        auto asking = container_credentials(surroundings_);
        auto found = co_await std::move(asking);
        co_return std::move(found);
    }
    if (!kind.empty() && kind != "Ec2InstanceMetadata")
        co_return base::invalid_input("the credential_source \"" + kind + "\" is not known");
    if (base::iequals(variable("AWS_EC2_METADATA_DISABLED"), "true")) {
        co_return base::invalid_input(
            "there are no credentials of AWS: no keys, no web identity, no profile, no container, "
            "and AWS_EC2_METADATA_DISABLED is set");
    }
    auto asking = instance_credentials(surroundings_);
    auto found = co_await std::move(asking);
    if (!found) {
        co_return found.error().with_context(
            "the environment and the shared files have no credentials of AWS");
    }
    co_return std::move(found);
}

}  // namespace

std::unique_ptr<AwsSource> make_aws_chain(Surroundings surroundings, std::string region) {
    return std::make_unique<Chain>(std::move(surroundings), std::move(region));
}

std::unique_ptr<AwsSource> make_aws_keys(AwsCredentials keys) {
    return std::make_unique<Keys>(std::move(keys));
}

std::unique_ptr<AwsSource> make_aws_role(Surroundings surroundings, RoleCalls& calls,
                                         WantedRole role, std::unique_ptr<AwsSource> base) {
    return std::make_unique<Role>(std::move(surroundings), calls, std::move(role), std::move(base));
}

}  // namespace protocol::cloud_identity
