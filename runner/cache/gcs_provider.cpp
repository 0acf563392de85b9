#include "runner/cache/gcs_provider.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "protocol/cloud_identity/google_identity.hpp"
#include "protocol/object_storage/crypto.hpp"
#include "protocol/object_storage/v4.hpp"
#include "runner/cache/metadata.hpp"

namespace runner::cache {

namespace cloud = protocol::cloud_identity;
namespace storage = protocol::object_storage;

namespace {

constexpr std::string_view kPublicUniverse = "googleapis.com";
constexpr std::size_t kMostFileBytes = 256U << 10U;

/// Who asks: a key signs, or else an identity gives tokens.
struct GoogleAccess {
    storage::GoogleKey key;
    std::shared_ptr<TokenIdentity> identity;
    std::shared_ptr<GoogleSigner> signer;  ///< signs addresses for others where there is no key
};

class GcsProvider final : public Provider {
  public:
    GcsProvider(protocol::http::Origin origin, std::string bucket, GoogleAccess access,
                std::int64_t limit_bytes)
        : origin_(std::move(origin)),
          bucket_(std::move(bucket)),
          access_(std::move(access)),
          limit_bytes_(limit_bytes) {}

    [[nodiscard]] Request request(const std::string& object) const override {
        Request request;
        request.origin = origin_;
        request.path = "/" + bucket_ + "/" + object;
        return request;
    }
    [[nodiscard]] storage::Fields object_headers(const std::string& key,
                                                 Sending how) const override {
        storage::Fields headers{{"content-type", "application/octet-stream"},
                                {"x-goog-meta-cachekey", metadata_value(key)}};
        // It is a limit of one request's body.
        if (limit_bytes_ > 0 && how == Sending::kWhole) {
            headers.emplace_back("x-goog-content-length-range", fmt::format("0,{}", limit_bytes_));
        }
        return headers;
    }
    base::Task<base::Result<Request>> authorise(Request request, Purpose, std::string) override {
        if (!access_.identity)
            co_return storage::presign_google(std::move(request), access_.key, from_now());
        auto getting = access_.identity->get();
        auto token = co_await std::move(getting);
        if (!token) co_return token.error();
        request.headers.emplace_back("authorization", "Bearer " + token->reveal());
        co_return std::move(request);
    }
    base::Task<base::Result<SignedUrl>> sign_url(Request request, Purpose, std::string) override {
        if (!access_.identity) {
            const auto presigned =
                storage::presign_google(std::move(request), access_.key, from_now());
            if (!presigned) co_return presigned.error();
            co_return signed_url(*presigned);
        }
        auto asking = access_.signer->address();
        const auto address = co_await std::move(asking);
        if (!address) co_return address.error();
        auto to_sign = storage::google_to_sign(std::move(request), *address, from_now());
        auto signing = access_.signer->sign(to_sign.text);
        const auto signature = co_await std::move(signing);
        if (!signature) co_return signature.error();
        co_return signed_url(storage::signed_google(std::move(to_sign), *signature));
    }

    bool doubt_credentials(Purpose) override {
        return access_.identity && access_.identity->doubt();
    }

  private:
    static storage::Validity from_now() { return {base::unix_micros_now() / 1'000'000}; }

    const protocol::http::Origin origin_;
    const std::string bucket_;
    const GoogleAccess access_;
    const std::int64_t limit_bytes_;
};

GoogleAccess access_by_identity(const config::RunnerConfig& runner, Identities& identities,
                                const std::string& file) {
    return {{}, identities.google(runner, file), identities.google_signer(runner, file)};
}

base::Result<GoogleAccess> access_by_file(const config::RunnerConfig& runner,
                                          Identities& identities, const std::string& path) {
    const auto text = base::read_small_file(path, kMostFileBytes);
    if (!text) return text.error();
    auto key = cloud::google_key_in(*text);
    if (key) return GoogleAccess{std::move(*key), nullptr, nullptr};
    if (!key.error().is(base::ErrorKind::kNotFound)) return key.error().with_context(path);
    return access_by_identity(runner, identities, path);
}

base::Result<GoogleAccess> access_of(const config::RunnerConfig& runner, Identities& identities) {
    const config::GcsCacheSettings& gcs = runner.cache.gcs;
    if (!gcs.credentials_file.empty()) {
        auto access = access_by_file(runner, identities, gcs.credentials_file);
        if (!access) return access.error().with_context("runners.cache.gcs.CredentialsFile");
        return access;
    }
    if (!gcs.access_id.empty())
        return GoogleAccess{{gcs.access_id, gcs.private_key}, nullptr, nullptr};
    const std::string file = cloud::google_credentials_file(identities.variable());
    if (file.empty()) return access_by_identity(runner, identities, "");
    auto access = access_by_file(runner, identities, file);
    if (!access) return access.error().with_context("Application Default Credentials");
    return access;
}

base::Result<protocol::http::Url> address_of(const config::GcsCacheSettings& gcs,
                                             const std::string& emulator) {
    const std::string universe =
        gcs.universe_domain.empty() ? std::string(kPublicUniverse) : gcs.universe_domain;
    const bool has_scheme = emulator.find("://") != std::string::npos;
    const std::string address = emulator.empty() ? "https://storage." + universe
                                : has_scheme     ? emulator
                                                 : "http://" + emulator;
    auto url = protocol::http::parse_url(address);
    if (!url) return url.error().with_context("runners.cache.gcs.UniverseDomain");
    return url;
}

}  // namespace

base::Result<std::unique_ptr<Provider>> make_gcs_provider(const config::RunnerConfig& runner,
                                                          Identities& identities) {
    const auto url = address_of(runner.cache.gcs, identities.variable()("STORAGE_EMULATOR_HOST"));
    if (!url) return url.error();
    auto access = access_of(runner, identities);
    if (!access) return access.error();
    if (!access->identity) {
        // A key that cannot sign is better found now than by the first cache.
        const auto signature = storage::rsa_sha256(access->key.private_key, "");
        if (!signature) return signature.error().with_context("runners.cache.gcs");
    }
    return std::unique_ptr<Provider>(
        std::make_unique<GcsProvider>(url->origin, runner.cache.gcs.bucket_name, std::move(*access),
                                      runner.cache.max_uploaded_archive_size));
}

}  // namespace runner::cache
