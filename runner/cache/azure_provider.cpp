#include "runner/cache/azure_provider.hpp"

#include <utility>

#include "base/clock.hpp"
#include "protocol/object_storage/azure_sas.hpp"
#include "runner/cache/metadata.hpp"

namespace runner::cache {

namespace storage = protocol::object_storage;

namespace {

bool is_emulator(const std::string& domain) {
    return domain.starts_with("127.0.0.1:") || domain.starts_with("localhost:");
}

class AzureProvider final : public Provider {
  public:
    /// `identity`, `delegation`: null when the account's key signs.
    AzureProvider(const config::AzureCacheSettings& settings, protocol::http::Origin origin,
                  std::shared_ptr<TokenIdentity> identity,
                  std::shared_ptr<DelegatedKeys> delegation)
        : origin_(std::move(origin)),
          identity_(std::move(identity)),
          delegation_(std::move(delegation)),
          key_{settings.account_name, settings.account_key},
          container_(settings.container_name),
          emulator_(is_emulator(settings.storage_domain)) {}

    [[nodiscard]] Request request(const std::string& object) const override {
        Request request;
        request.origin = origin_;
        request.path = "/" + container_ + "/" + object;
        if (emulator_) request.path = "/" + key_.account + request.path;
        request.headers.emplace_back("x-ms-version", storage::kAzureVersion);
        return request;
    }
    [[nodiscard]] storage::Fields object_headers(const std::string& key,
                                                 Sending how) const override {
        const std::string type = "application/octet-stream";
        if (how == Sending::kParts)
            return {{"x-ms-blob-content-type", type}, {"x-ms-meta-cachekey", metadata_value(key)}};
        return {{"x-ms-blob-type", "BlockBlob"},
                {"content-type", type},
                {"x-ms-meta-cachekey", metadata_value(key)}};
    }
    [[nodiscard]] PartsKind parts_kind() const override { return PartsKind::kBlocks; }
    base::Task<base::Result<Request>> authorise(Request request, Purpose purpose,
                                                std::string object) override {
        if (!identity_)
            co_return storage::sign_azure(std::move(request), key_,
                                          blob(std::move(object), purpose), from_now());
        auto getting = identity_->get();
        auto token = co_await std::move(getting);
        if (!token) co_return token.error();
        request.headers.emplace_back("authorization", "Bearer " + token->reveal());
        co_return std::move(request);
    }
    base::Task<base::Result<SignedUrl>> sign_url(Request request, Purpose purpose,
                                                 std::string object) override {
        const storage::AzureBlob about = blob(std::move(object), purpose);
        if (!identity_) {
            const auto presigned = storage::sign_azure(std::move(request), key_, about, from_now());
            if (!presigned) co_return presigned.error();
            co_return signed_url(*presigned);
        }
        auto getting = delegation_->get();
        const auto key = co_await std::move(getting);
        if (!key) co_return key.error();
        const auto presigned = storage::sign_azure_delegated(std::move(request), key_.account, *key,
                                                             about, from_now());
        if (!presigned) co_return presigned.error();
        co_return signed_url(*presigned);
    }

    bool doubt_credentials(Purpose) override { return identity_ && identity_->doubt(); }

  private:
    static storage::Validity from_now() { return {base::unix_micros_now() / 1'000'000}; }
    [[nodiscard]] storage::AzureBlob blob(std::string object, Purpose purpose) const {
        return {container_, std::move(object), purpose == Purpose::kUpload ? "w" : "r", !emulator_};
    }

    const protocol::http::Origin origin_;
    const std::shared_ptr<TokenIdentity> identity_;
    const std::shared_ptr<DelegatedKeys> delegation_;
    const storage::AzureKey key_;
    const std::string container_;
    const bool emulator_;
};

}  // namespace

base::Result<std::unique_ptr<Provider>> make_azure_provider(const config::RunnerConfig& runner,
                                                            Identities& identities) {
    const config::AzureCacheSettings& settings = runner.cache.azure;
    const std::string address =
        is_emulator(settings.storage_domain)
            ? "http://" + settings.storage_domain
            : "https://" + settings.account_name + "." + settings.storage_domain;
    auto url = protocol::http::parse_url(address);
    if (!url) return url.error().with_context("runners.cache.azure.StorageDomain");
    const bool signs = !settings.account_key.empty();
    const std::string account =
        is_emulator(settings.storage_domain) ? address + "/" + settings.account_name : address;
    return std::unique_ptr<Provider>(std::make_unique<AzureProvider>(
        settings, url->origin, signs ? nullptr : identities.azure(runner),
        signs ? nullptr : identities.azure_delegation(runner, account)));
}

}  // namespace runner::cache
