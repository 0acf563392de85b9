#include "runner/cache/gcs_provider.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "protocol/object_storage/v4.hpp"
#include "runner/cache/metadata.hpp"

namespace runner::cache {

namespace storage = protocol::object_storage;

namespace {

constexpr std::string_view kPublicUniverse = "googleapis.com";

class GcsProvider final : public Provider {
  public:
    GcsProvider(protocol::http::Origin origin, std::string bucket, storage::GoogleKey key,
                std::int64_t limit_bytes)
        : origin_(std::move(origin)),
          bucket_(std::move(bucket)),
          key_(std::move(key)),
          limit_bytes_(limit_bytes) {}

    [[nodiscard]] Request request(const std::string& object) const override {
        Request request;
        request.origin = origin_;
        request.path = "/" + bucket_ + "/" + object;
        return request;
    }
    [[nodiscard]] storage::Fields object_headers(const std::string& key) const override {
        storage::Fields headers{{"content-type", "application/octet-stream"},
                                {"x-goog-meta-cachekey", metadata_value(key)}};
        if (limit_bytes_ > 0) {
            headers.emplace_back("x-goog-content-length-range", fmt::format("0,{}", limit_bytes_));
        }
        return headers;
    }
    base::Task<base::Result<Request>> sign(Request request, Purpose, std::string) override {
        const storage::Validity validity{base::unix_micros_now() / 1'000'000};
        co_return storage::presign_google(std::move(request), key_, validity);
    }

  private:
    const protocol::http::Origin origin_;
    const std::string bucket_;
    const storage::GoogleKey key_;
    const std::int64_t limit_bytes_;
};

base::Result<storage::GoogleKey> read_credentials(const std::string& path) {
    const auto text = base::read_file(path);
    if (!text) return text.error().with_context("runners.cache.gcs.CredentialsFile");
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    const auto field = [&](const char* name) {
        const bool there = json.is_object() && json.contains(name) && json[name].is_string();
        return there ? json[name].get<std::string>() : std::string();
    };
    storage::GoogleKey key{field("client_email"), base::Secret(field("private_key"))};
    if (!key.access_id.empty() && !key.private_key.empty()) return key;
    return base::invalid_input(fmt::format(
        "runners.cache.gcs.CredentialsFile: {} is not the key of a service account: it has no "
        "client_email or no private_key",
        path));
}

base::Result<storage::GoogleKey> key_of(const config::GcsCacheSettings& settings) {
    if (!settings.credentials_file.empty()) return read_credentials(settings.credentials_file);
    return storage::GoogleKey{settings.access_id, settings.private_key};
}

}  // namespace

base::Result<std::unique_ptr<Provider>> make_gcs_provider(const config::GcsCacheSettings& settings,
                                                          std::int64_t limit_bytes,
                                                          const std::string& emulator) {
    const std::string universe =
        settings.universe_domain.empty() ? std::string(kPublicUniverse) : settings.universe_domain;
    const bool has_scheme = emulator.find("://") != std::string::npos;
    const std::string address = emulator.empty() ? "https://storage." + universe
                                : has_scheme     ? emulator
                                                 : "http://" + emulator;
    auto url = protocol::http::parse_url(address);
    if (!url) return url.error().with_context("runners.cache.gcs.UniverseDomain");
    auto key = key_of(settings);
    if (!key) return key.error();
    return std::unique_ptr<Provider>(std::make_unique<GcsProvider>(
        url->origin, settings.bucket_name, std::move(*key), limit_bytes));
}

}  // namespace runner::cache
