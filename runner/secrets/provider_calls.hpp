#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <nlohmann/json_fwd.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/json_fields.hpp"
#include "base/result.hpp"
#include "base/task.hpp"
#include "protocol/http/client.hpp"
#include "protocol/http/url.hpp"

namespace runner::secrets {

/// Makes the client of a host; a test gives one without sockets.
using ClientMaker = std::function<base::Result<std::unique_ptr<protocol::http::Client>>(
    const std::string& endpoint)>;

/// Clients for providers of secrets: certificates of the system and of `ca_file` ("" for none), the
/// proxy of the environment, half a minute for an answer of at most 1 MiB, no redirects.
ClientMaker client_maker(const boost::asio::any_io_executor& executor, const std::string& ca_file);

/// Requests to the providers of one job's secrets. Life: of one job's resolution. Strand: the I/O
/// thread.
class ProviderCalls {
  public:
    explicit ProviderCalls(ClientMaker make_client) : make_client_(std::move(make_client)) {}

    /// Any status is a success. kUnavailable and kTimeout when the provider cannot be reached.
    base::Task<base::Result<protocol::http::Response>> send(protocol::http::Url url,
                                                            protocol::http::Request request);

  private:
    ClientMaker make_client_;
    std::map<std::string, std::unique_ptr<protocol::http::Client>> clients_;
};

/// An address that a job gives: http and https only. `what` names it in the error.
base::Result<protocol::http::Url> provider_url(std::string_view what, const std::string& text);

/// `path` below the address `base`, percent-encoded. kInvalidInput for a path with "..".
base::Result<protocol::http::Url> below(protocol::http::Url base, std::string_view path);

protocol::http::Request make_request(std::string method, protocol::http::Headers headers = {});

/// The body as an object of JSON; null when it is none.
nlohmann::json object_in(const protocol::http::Response& answer);
using base::text_at;

/// A status that is no success, with what the provider says about it: "403 Forbidden (permission
/// denied)". One line, and short, because the job's log shows it.
std::string refusal_text(const protocol::http::Response& answer);
/// Such a status in the exchange of the job's identity for one of a cloud's provider: kUnavailable,
/// or kUnauthorized.
base::Error login_refusal(const protocol::http::Response& answer, std::string_view doing,
                          std::string_view remedy);

bool is_success(const protocol::http::Response& answer);

}  // namespace runner::secrets
