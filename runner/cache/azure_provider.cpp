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
    AzureProvider(const config::AzureCacheSettings& settings, protocol::http::Origin origin)
        : origin_(std::move(origin)),
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
    [[nodiscard]] storage::Fields object_headers(const std::string& key) const override {
        return {{"x-ms-version", std::string(storage::kAzureVersion)},
                {"x-ms-blob-type", "BlockBlob"},
                {"content-type", "application/octet-stream"},
                {"x-ms-meta-cachekey", metadata_value(key)}};
    }
    base::Task<base::Result<Request>> sign(Request request, Purpose purpose,
                                           std::string object) override {
        const storage::Validity validity{base::unix_micros_now() / 1'000'000};
        const storage::AzureBlob blob{container_, std::move(object),
                                      purpose == Purpose::kUpload ? "w" : "r", !emulator_};
        co_return storage::sign_azure(std::move(request), key_, blob, validity);
    }

  private:
    const protocol::http::Origin origin_;
    const storage::AzureKey key_;
    const std::string container_;
    const bool emulator_;
};

}  // namespace

base::Result<std::unique_ptr<Provider>> make_azure_provider(
    const config::AzureCacheSettings& settings) {
    const std::string address =
        is_emulator(settings.storage_domain)
            ? "http://" + settings.storage_domain
            : "https://" + settings.account_name + "." + settings.storage_domain;
    auto url = protocol::http::parse_url(address);
    if (!url) return url.error().with_context("runners.cache.azure.StorageDomain");
    return std::unique_ptr<Provider>(std::make_unique<AzureProvider>(settings, url->origin));
}

}  // namespace runner::cache
