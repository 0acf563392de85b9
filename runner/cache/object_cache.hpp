#pragma once

#include <memory>
#include <string>

#include "runner/cache/remote_cache.hpp"
#include "runner/cache/storage_calls.hpp"

namespace runner::cache {

/// RemoteCache over HTTP.
class ObjectCache final : public RemoteCache {
  public:
    ObjectCache(std::unique_ptr<Provider> provider, ClientMaker make_client,
                StorageCalls::Sleep sleep)
        : calls_(std::move(provider), std::move(make_client), std::move(sleep)) {}

    void on_retry(RetryObserver observer) override { calls_.on_retry(std::move(observer)); }
    void set_sizes(TransferSizes sizes) override { sizes_ = sizes; }
    [[nodiscard]] std::string address(const std::string& object) const override;
    base::Task<base::Result<StoredObject>> look(std::string object) override;
    base::Task<base::Result<protocol::http::BodySource>> fetch(std::string object,
                                                               StoredObject found) override;
    base::Task<base::Result<StoredObject>> store(std::string object, Archive archive) override;
    base::Task<base::Result<ObjectLink>> link(std::string object, LinkPurpose purpose,
                                              std::string key) override;

  private:
    base::Task<base::Error> reason_of(std::string object, base::Error refused);
    base::Task<base::Result<StoredObject>> store_whole(std::string object, Archive archive);
    base::Task<base::Result<StoredObject>> store_in_parts(std::string object, Archive archive);

    StorageCalls calls_;
    TransferSizes sizes_;
};

}  // namespace runner::cache
