#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/stop_source.hpp"
#include "protocol/http/client.hpp"
#include "tests/support/http/scripted_server.hpp"
#include "tests/support/run_to_end.hpp"
#include "tests/support/temp_dir.hpp"

/// Helpers of the tests of the HTTP client.
namespace protocol::http {

ClientOptions options_for(const std::string& endpoint);
Request get(std::string target);
Request post(std::string target, std::string body);

/// Sends the requests one after the other with one client.
std::vector<base::Result<Response>> exchange(ClientOptions options, std::vector<Request> requests);
base::Result<Response> exchange(ClientOptions options, Request request);
/// Sends a request and cancels it after `limit`.
base::Result<Response> exchange_until(ClientOptions options, Request request,
                                      std::chrono::milliseconds limit);

/// "1,", "2,", … until `last`, then the end.
base::Task<base::Result<std::string>> numbered_piece(std::shared_ptr<int> given, int last);
base::Task<base::Result<std::string>> failing_piece();

struct Streamed {
    std::string streamed;
    std::size_t largest_piece = 0;
    std::string next;  ///< body of the request that follows
};
base::Task<Streamed> stream_then_get(ClientOptions options, std::size_t limit);

/// Upgrades, sends `text`, ends its side, and reads all that comes.
base::Task<base::Result<std::string>> talk_upgraded(ClientOptions options, std::string text);

/// Environment variables that are set for one test.
class Environment {
  public:
    explicit Environment(const std::map<std::string, std::string>& values);
    ~Environment();
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    std::vector<std::string> names_;
};

}  // namespace protocol::http
