#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/client.hpp"
#include "runner/cache/provider.hpp"
#include "runner/cache/remote_cache.hpp"

namespace runner::cache {

/// Makes the client of a host; a test gives one without sockets.
using ClientMaker = std::function<base::Result<std::unique_ptr<protocol::http::Client>>(
    const std::string& endpoint)>;

/// Clients as `options` say, which needs no endpoint.
ClientMaker client_maker(const boost::asio::any_io_executor& executor,
                         protocol::http::ClientOptions options);

/// A request to a storage and what it carries.
struct Call {
    Provider::Request request;
    Purpose purpose = Purpose::kDownload;
    std::string object;  ///< that it is about
    std::string body{};
    /// Instead of `body`: makes the content for each try.
    std::function<protocol::http::BodySource()> content{};
    std::uint64_t content_bytes = 0;
};

/// Sends requests to a storage, each signed anew for each try, and decides which failures are
/// temporary: no connection, a connection that was lost, 408, 429 and 5xx are. Credentials that the
/// storage refuses are renewed once where they may have changed; what cannot be had is not asked
/// for again.
///
/// Life: of one job. Strand: the I/O thread; calls may overlap. Failures: RemoteCache.
class StorageCalls {
  public:
    using Sleep = std::function<base::Task<bool>(std::chrono::nanoseconds)>;

    StorageCalls(std::unique_ptr<Provider> provider, ClientMaker make_client, Sleep sleep)
        : provider_(std::move(provider)),
          make_client_(std::move(make_client)),
          sleep_(std::move(sleep)) {}

    [[nodiscard]] const Provider& provider() const { return *provider_; }
    void on_retry(RemoteCache::RetryObserver observer) { observer_ = std::move(observer); }

    /// Tries a call until it succeeds or its failure is final. Answers 2xx only.
    base::Task<base::Result<protocol::http::Response>> send(Call call);
    /// One try of a call whose answer is read piece by piece. Answers 2xx only.
    base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> open(Call call);
    /// An address for somebody else, who sends the request of `call` as it is.
    base::Task<base::Result<SignedUrl>> sign_url(Call call);
    /// For a call whose tries are not made here.
    void tell(const base::Error& why, std::chrono::milliseconds pause) const {
        if (observer_) observer_(why, pause);
    }
    [[nodiscard]] const Sleep& sleep() const { return sleep_; }
    /// Waits before the next try, or answers `why` when it is final or try `number`, counted from
    /// 1, was the last.
    base::Task<base::Result<void>> wait_for_next(unsigned number, base::Error why);

  private:
    base::Task<base::Result<protocol::http::Response>> send_once(const Call& call);
    base::Task<base::Result<protocol::http::Response>> send_signed(const Call& call);
    base::Task<base::Result<std::unique_ptr<protocol::http::StreamingResponse>>> open_once(
        const Call& call);
    [[nodiscard]] bool may_sign_better(const base::Error& why, Purpose purpose);
    base::Task<base::Result<protocol::http::Request>> prepare(const Call& call);
    base::Result<protocol::http::Client*> client_for(const protocol::http::Origin& origin);

    std::unique_ptr<Provider> provider_;
    ClientMaker make_client_;
    Sleep sleep_;
    RemoteCache::RetryObserver observer_;
    std::map<std::string, std::unique_ptr<protocol::http::Client>> clients_;
};

/// An answer that is no success: "403 Forbidden (AccessDenied: Access Denied)".
base::Error refusal(const protocol::http::Response& answer);

}  // namespace runner::cache
