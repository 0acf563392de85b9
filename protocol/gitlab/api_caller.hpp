#pragma once

#include <nlohmann/json_fwd.hpp>

#include "protocol/gitlab/api_url.hpp"
#include "protocol/gitlab/client.hpp"

namespace protocol::gitlab {

/// One call of the API before it is made. Internal to protocol/gitlab.
struct Call {
    std::string_view endpoint;  ///< name for CallRecord: a literal
    std::string method;
    std::string path;   ///< behind …/api/v4
    std::string query;  ///< with its "?", or ""
    http::Headers headers;
    std::string body;
    /// Instead of `body`. The owner of the file keeps it open until the call has been answered.
    std::optional<base::FilePart> file;
    bool wants_json = false;
    std::size_t cut_answer_at = 0;  ///< see http::Request
};

/// A call whose body is `body`.
Call json_call(std::string_view endpoint, std::string method, std::string path,
               const nlohmann::json& body);
/// Adds a token as a header; an empty one is left out.
void add_token(http::Headers& headers, const char* name, const base::Secret& token);

/// What all calls of a Client have in common: the connection, the address, the repetition, the
/// record for metrics. Internal to protocol/gitlab.
///
/// Life: made and owned by a Client. Strand: the I/O thread; calls may overlap.
class ApiCaller {
  public:
    /// Fails as make_client() of gitlab/client.hpp.
    static base::Result<std::unique_ptr<ApiCaller>> create(
        const boost::asio::any_io_executor& executor, ClientOptions options);

    /// Repeats as RetryPolicy says; the last answer is a success whatever its status. Errors begin
    /// with "METHOD URL".
    base::Task<base::Result<http::Response>> perform(Call call, CallRecord& record);
    base::Task<base::Result<http::Response>> perform(Call call);
    /// perform(), where another status than `expected` is an error.
    base::Task<base::Result<http::Response>> expect(Call call, unsigned expected);
    base::Task<base::Result<TokenAnswer>> expect_token(Call call, unsigned expected);

    [[nodiscard]] http::Request make_request(const Call& call) const;
    /// "METHOD https://host/path", without the query.
    [[nodiscard]] std::string name_of(const Call& call) const;
    void report(const CallRecord& record) const;
    /// A client with the same settings for another endpoint, to which the server has redirected.
    [[nodiscard]] base::Result<std::unique_ptr<http::Client>> client_for(
        std::string endpoint) const;

    [[nodiscard]] const ApiUrl& api() const { return api_; }
    [[nodiscard]] http::Client& http() { return *http_; }

    /// The queue key of the server that belongs to `token`, "" when none is known.
    [[nodiscard]] std::string last_update(const base::Secret& token) const;
    void remember_last_update(const base::Secret& token, const http::Response& answer);

  private:
    ApiCaller(ClientOptions options, ApiUrl api, std::unique_ptr<http::Client> http,
              boost::asio::any_io_executor executor);

    ClientOptions options_;
    ApiUrl api_;
    std::unique_ptr<http::Client> http_;
    boost::asio::any_io_executor executor_;
    std::string last_update_;
    base::Secret last_update_token_;
};

}  // namespace protocol::gitlab
