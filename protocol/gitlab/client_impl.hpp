#pragma once

#include <nlohmann/json_fwd.hpp>

#include "protocol/gitlab/api_url.hpp"
#include "protocol/gitlab/client.hpp"

namespace protocol::gitlab {

/// One call before it is made. Internal to protocol/gitlab.
struct Call {
    std::string_view endpoint;  ///< name for CallRecord: a literal
    std::string method;
    std::string path;   ///< behind …/api/v4
    std::string query;  ///< with its "?", or ""
    http::Headers headers;
    std::string body;
    std::optional<base::FilePart> file;  ///< instead of `body`; lent until the answer is there
    bool wants_json = false;
};

/// A token in a header; an empty one is left out.
void add_token(http::Headers& headers, const char* name, const base::Secret& token);
http::ClientOptions http_options(const ClientOptions& options, std::string endpoint);

class Client::Impl {
  public:
    Impl(ClientOptions options, ApiUrl api, std::unique_ptr<http::Client> http,
         boost::asio::any_io_executor executor);

    /// Repeats as RetryPolicy says; any last status is a success. Errors begin with "METHOD URL".
    base::Task<base::Result<http::Response>> perform(Call call, CallRecord& record);
    base::Task<base::Result<http::Response>> perform(Call call);
    /// perform(), where only `expected` is a success.
    base::Task<base::Result<http::Response>> expect(Call call, unsigned expected);
    base::Task<base::Result<TokenAnswer>> expect_token(Call call, unsigned expected);

    [[nodiscard]] http::Request make_request(const Call& call) const;
    /// "METHOD https://host/path", without the query.
    [[nodiscard]] std::string name_of(const Call& call) const;
    void report(const CallRecord& record) const;

    [[nodiscard]] const ClientOptions& options() const { return options_; }
    [[nodiscard]] const ApiUrl& api() const { return api_; }
    [[nodiscard]] http::Client& http() { return *http_; }
    [[nodiscard]] const boost::asio::any_io_executor& executor() const { return executor_; }

    /// The queue key that belongs to `token`, "" when none is known.
    [[nodiscard]] std::string last_update(const base::Secret& token) const;
    void remember(const base::Secret& token, const http::Response& answer);

  private:
    ClientOptions options_;
    ApiUrl api_;
    std::unique_ptr<http::Client> http_;
    boost::asio::any_io_executor executor_;
    std::string last_update_;
    base::Secret last_update_token_;
};

}  // namespace protocol::gitlab
