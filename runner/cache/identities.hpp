#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "protocol/cloud_identity/aws_identity.hpp"
#include "protocol/cloud_identity/azure_delegation.hpp"
#include "protocol/cloud_identity/google_signature.hpp"
#include "protocol/cloud_identity/oauth_token.hpp"
#include "protocol/cloud_identity/renewed.hpp"
#include "runner/cache/provider.hpp"
#include "runner/config/config.hpp"

namespace runner::cache {

using RoleObserver = protocol::cloud_identity::RoleObserver;
using TokenIdentity = protocol::cloud_identity::Renewed<base::Secret>;
using DelegatedKeys = protocol::cloud_identity::Renewed<protocol::object_storage::AzureDelegation>;

/// Credentials of AWS; that those of a role are used again is told to `observer`.
///
/// Life, strand: Renewed.
class AwsIdentity {
  public:
    AwsIdentity(const boost::asio::any_io_executor& executor,
                std::unique_ptr<protocol::cloud_identity::AwsSource> source, RoleObserver* observer)
        : renewed_(executor, std::move(source), base::system_clock()), observer_(observer) {}

    base::Task<base::Result<protocol::object_storage::AwsCredentials>> get();
    bool doubt() { return renewed_.doubt(); }
    [[nodiscard]] bool holds_role() const { return observer_ != nullptr && renewed_.holds(); }

  private:
    protocol::cloud_identity::Renewed<protocol::object_storage::AwsCredentials> renewed_;
    RoleObserver* observer_;  ///< null: no role, or one that is not kept for other jobs
};

/// Signs in the name of the service account of an identity of Google, which keeps the key.
///
/// Life: of one job. Strand: the I/O thread.
class GoogleSigner {
  public:
    GoogleSigner(protocol::cloud_identity::Surroundings surroundings, std::string file,
                 std::string universe, std::shared_ptr<TokenIdentity> identity)
        : surroundings_(std::move(surroundings)),
          file_(std::move(file)),
          universe_(std::move(universe)),
          identity_(std::move(identity)) {}

    /// Of the account.
    base::Task<base::Result<std::string>> address();
    /// Bytes. After address().
    base::Task<base::Result<std::string>> sign(std::string text);

  private:
    protocol::cloud_identity::Surroundings surroundings_;
    const std::string file_;
    const std::string universe_;
    const std::shared_ptr<TokenIdentity> identity_;
    protocol::cloud_identity::GoogleAccount account_;
};

/// The credentials of object storages that are not in the configuration. Jobs of entries with the
/// same settings share them, so that a token is not fetched for each job.
///
/// Life: that of the daemon. Strand: the I/O thread.
class Identities {
  public:
    /// Makes what sends the requests of an entry; a test gives one without sockets.
    using MakeSender = std::function<protocol::cloud_identity::Sender(const config::RunnerConfig&)>;

    explicit Identities(const boost::asio::any_io_executor& executor);
    Identities(const boost::asio::any_io_executor& executor, MakeSender make_sender,
               protocol::cloud_identity::Variables variable)
        : executor_(executor),
          make_sender_(std::move(make_sender)),
          variable_(std::move(variable)),
          role_calls_(executor, base::system_clock()) {}

    /// Before the first job; `observer` outlives the jobs.
    void observe_roles(RoleObserver& observer) { role_calls_.observe(observer); }
    /// Of how many roles there are credentials that still count.
    [[nodiscard]] std::size_t roles_held() const;

    /// The keys of [runners.cache.s3], or the machine's, and the role that they take.
    std::shared_ptr<AwsIdentity> aws(const config::RunnerConfig& runner, Purpose purpose);
    /// `file`: of credentials, "" for the machine's own.
    std::shared_ptr<TokenIdentity> google(const config::RunnerConfig& runner,
                                          const std::string& file);
    /// For the same `file`.
    std::shared_ptr<GoogleSigner> google_signer(const config::RunnerConfig& runner,
                                                const std::string& file);
    std::shared_ptr<TokenIdentity> azure(const config::RunnerConfig& runner);
    /// `address`: make_azure_delegation().
    std::shared_ptr<DelegatedKeys> azure_delegation(const config::RunnerConfig& runner,
                                                    const std::string& address);
    [[nodiscard]] const protocol::cloud_identity::Variables& variable() const { return variable_; }

  private:
    std::shared_ptr<TokenIdentity> token_of_google(const config::RunnerConfig& runner,
                                                   const std::string& file,
                                                   const std::string& scope);
    [[nodiscard]] protocol::cloud_identity::Surroundings surroundings(
        const config::RunnerConfig& runner) const {
        return {make_sender_(runner), variable_};
    }

    boost::asio::any_io_executor executor_;
    MakeSender make_sender_;
    protocol::cloud_identity::Variables variable_;
    protocol::cloud_identity::RoleCalls role_calls_;
    std::map<std::string, std::shared_ptr<AwsIdentity>> aws_;
    std::map<std::string, std::shared_ptr<TokenIdentity>> tokens_;
    std::map<std::string, std::shared_ptr<DelegatedKeys>> delegations_;
};

}  // namespace runner::cache
