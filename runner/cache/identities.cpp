#include "runner/cache/identities.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/digest.hpp"
#include "base/version.hpp"
#include "protocol/cloud_identity/azure_identity.hpp"
#include "protocol/cloud_identity/google_identity.hpp"

namespace runner::cache {

namespace cloud = protocol::cloud_identity;

namespace {

constexpr const char* kGoogleUniverse = "googleapis.com";
constexpr const char* kGoogleScope = "https://www.googleapis.com/auth/devstorage.read_write";
constexpr const char* kAzureResource = "https://storage.azure.com";

const std::string& role_of(const config::S3CacheSettings& s3, Purpose purpose) {
    const bool own = purpose == Purpose::kUpload && !s3.upload_role_arn.empty();
    return own ? s3.upload_role_arn : s3.role_arn;
}

std::string region_of(const config::S3CacheSettings& s3) {
    return s3.bucket_location.empty() ? "us-east-1" : s3.bucket_location;
}

int roles_at_once(const config::S3CacheSettings& s3) {
    constexpr int kDefault = 5;
    if (s3.roles_at_once < 0) return std::numeric_limits<int>::max();
    return s3.roles_at_once == 0 ? kDefault : s3.roles_at_once;
}

/// What makes credentials differ. Keys are in it as a digest.
std::string aws_key(const config::RunnerConfig& runner, const std::string& role) {
    const auto& s3 = runner.cache.s3;
    const std::string secret =
        s3.uses_keys() ? base::sha256_hex(s3.access_key.reveal() + "\n" + s3.secret_key.reveal() +
                                          "\n" + s3.session_token.reveal())
                       : "";
    return fmt::format("{}\n{}\n{}\n{}", runner.tls_ca_file, region_of(s3), role, secret);
}

}  // namespace

base::Task<base::Result<protocol::object_storage::AwsCredentials>> AwsIdentity::get() {
    const std::uint64_t seen = renewed_.rounds();
    auto getting = renewed_.get();
    auto keys = co_await std::move(getting);
    if (keys && observer_ != nullptr && renewed_.rounds() == seen) observer_->on_role_hit();
    co_return std::move(keys);
}

base::Task<base::Result<std::string>> GoogleSigner::address() {
    if (account_.address.empty()) {
        auto asking = cloud::google_account(surroundings_, file_, universe_);
        auto account = co_await std::move(asking);
        if (!account) co_return account.error();
        account_ = std::move(*account);
    }
    co_return account_.address;
}

base::Task<base::Result<std::string>> GoogleSigner::sign(std::string text) {
    auto getting = identity_->get();
    auto token = co_await std::move(getting);
    if (!token) co_return token.error();
    auto signing =
        cloud::sign_by_google(surroundings_.send, account_, std::move(*token), std::move(text));
    auto signature = co_await std::move(signing);
    co_return std::move(signature);
}

Identities::Identities(const boost::asio::any_io_executor& executor)
    : Identities(
          executor,
          [executor](const config::RunnerConfig& runner) {
              protocol::http::TlsSettings tls;
              tls.ca_file = runner.tls_ca_file;
              return cloud::make_sender(executor, tls, "runner/" + std::string(base::version()));
          },
          cloud::variable_of_process) {}

std::shared_ptr<AwsIdentity> Identities::aws(const config::RunnerConfig& runner, Purpose purpose) {
    const auto& s3 = runner.cache.s3;
    const std::string& role = role_of(s3, purpose);
    const auto make = [&] {
        auto source =
            s3.uses_keys()
                ? cloud::make_aws_keys({s3.access_key.reveal(), s3.secret_key, s3.session_token})
                : cloud::make_aws_chain(surroundings(runner), region_of(s3));
        RoleObserver* observer = nullptr;
        if (!role.empty()) {
            source =
                cloud::make_aws_role(surroundings(runner), role_calls_,
                                     {role, region_of(s3), roles_at_once(s3)}, std::move(source));
            if (!s3.fresh_role_for_each_job) observer = &role_calls_.observer();
        }
        return std::make_shared<AwsIdentity>(executor_, std::move(source), observer);
    };
    if (!role.empty() && s3.fresh_role_for_each_job) return make();
    auto& identity = aws_[aws_key(runner, role)];
    if (!identity) identity = make();
    return identity;
}

std::size_t Identities::roles_held() const {
    return static_cast<std::size_t>(std::count_if(
        aws_.begin(), aws_.end(), [](const auto& entry) { return entry.second->holds_role(); }));
}

std::shared_ptr<TokenIdentity> Identities::token_of_google(const config::RunnerConfig& runner,
                                                           const std::string& file,
                                                           const std::string& scope) {
    auto& identity = tokens_["google\n" + runner.tls_ca_file + "\n" + file + "\n" + scope];
    if (!identity) {
        identity = std::make_shared<TokenIdentity>(
            executor_, cloud::make_google_identity(surroundings(runner), file, scope),
            base::system_clock());
    }
    return identity;
}

std::shared_ptr<TokenIdentity> Identities::google(const config::RunnerConfig& runner,
                                                  const std::string& file) {
    return token_of_google(runner, file, kGoogleScope);
}

std::shared_ptr<GoogleSigner> Identities::google_signer(const config::RunnerConfig& runner,
                                                        const std::string& file) {
    const std::string& domain = runner.cache.gcs.universe_domain;
    return std::make_shared<GoogleSigner>(
        surroundings(runner), file, domain.empty() ? kGoogleUniverse : domain,
        token_of_google(runner, file, cloud::kGoogleSigningScope));
}

std::shared_ptr<TokenIdentity> Identities::azure(const config::RunnerConfig& runner) {
    auto& identity = tokens_["azure\n" + runner.tls_ca_file];
    if (!identity) {
        identity = std::make_shared<TokenIdentity>(
            executor_, cloud::make_azure_identity(surroundings(runner), kAzureResource),
            base::system_clock());
    }
    return identity;
}

std::shared_ptr<DelegatedKeys> Identities::azure_delegation(const config::RunnerConfig& runner,
                                                            const std::string& address) {
    auto& keys = delegations_[runner.tls_ca_file + "\n" + address];
    if (!keys) {
        keys = std::make_shared<DelegatedKeys>(
            executor_, cloud::make_azure_delegation(make_sender_(runner), address, azure(runner)),
            base::system_clock());
    }
    return keys;
}

}  // namespace runner::cache
