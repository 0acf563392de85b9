#include "runner/cache/s3_provider.hpp"

#include <utility>

#include "base/clock.hpp"
#include "base/strings.hpp"
#include "protocol/object_storage/v4.hpp"
#include "runner/cache/metadata.hpp"
#include "runner/cache/s3_address.hpp"

namespace runner::cache {

namespace storage = protocol::object_storage;

namespace {

class S3Provider final : public Provider {
  public:
    S3Provider(const config::S3CacheSettings& settings, S3Address address,
               std::shared_ptr<AwsIdentity> download, std::shared_ptr<AwsIdentity> upload)
        : address_(std::move(address)),
          download_(std::move(download)),
          upload_(std::move(upload)),
          encryption_(s3_encryption_headers(settings)) {}

    [[nodiscard]] Request request(const std::string& object) const override {
        Request request;
        request.origin = address_.origin;
        request.path = address_.prefix + object;
        return request;
    }
    [[nodiscard]] storage::Fields object_headers(const std::string& key, Sending) const override {
        storage::Fields headers = encryption_;
        headers.emplace_back("content-type", "application/octet-stream");
        headers.emplace_back("x-amz-meta-cachekey", metadata_value(key));
        return headers;
    }
    base::Task<base::Result<Request>> authorise(Request request, Purpose purpose,
                                                std::string) override {
        auto getting = (purpose == Purpose::kUpload ? upload_ : download_)->get();
        auto keys = co_await std::move(getting);
        if (!keys) co_return keys.error();
        const storage::Validity validity{base::unix_micros_now() / 1'000'000};
        co_return storage::presign_aws(std::move(request), *keys, address_.region, validity);
    }
    base::Task<base::Result<SignedUrl>> sign_url(Request request, Purpose purpose,
                                                 std::string object) override {
        auto signing = authorise(std::move(request), purpose, std::move(object));
        auto presigned = co_await std::move(signing);
        if (!presigned) co_return presigned.error();
        co_return signed_url(*presigned);
    }

    bool doubt_credentials(Purpose purpose) override {
        return (purpose == Purpose::kUpload ? upload_ : download_)->doubt();
    }

  private:
    const S3Address address_;
    const std::shared_ptr<AwsIdentity> download_;
    const std::shared_ptr<AwsIdentity> upload_;
    const storage::Fields encryption_;
};

}  // namespace

storage::Fields s3_encryption_headers(const config::S3CacheSettings& settings) {
    const std::string kind = base::to_lower(settings.server_side_encryption);
    const auto with = [&](std::string algorithm, bool has_key) {
        storage::Fields headers{{"x-amz-server-side-encryption", std::move(algorithm)}};
        if (has_key && !settings.server_side_encryption_key_id.empty()) {
            headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id",
                                 settings.server_side_encryption_key_id);
        }
        return headers;
    };
    if (kind == "s3" || kind == "aes256") return with("AES256", false);
    if (kind == "kms" || kind == "aws:kms") return with("aws:kms", true);
    if (kind == "dsse-kms" || kind == "aws:kms:dsse") return with("aws:kms:dsse", true);
    return {};
}

base::Result<std::unique_ptr<Provider>> make_s3_provider(const config::RunnerConfig& runner,
                                                         Identities& identities) {
    auto address = s3_address(runner.cache.s3);
    if (!address) return address.error();
    return std::unique_ptr<Provider>(std::make_unique<S3Provider>(
        runner.cache.s3, std::move(*address), identities.aws(runner, Purpose::kDownload),
        identities.aws(runner, Purpose::kUpload)));
}

}  // namespace runner::cache
