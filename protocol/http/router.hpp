#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "protocol/http/message.hpp"

namespace protocol::http {

/// The table of what a server answers to: method and path → handler.
///
/// HEAD goes where GET goes. A path that is not in the table gets 404 and the list of the pages
/// that are; another method than the path has gets 405. Life: filled before the first answer(); it
/// outlives the answers.
class Router {
  public:
    /// A request, with the texts that stand for the {…} of its route, decoded.
    struct Call {
        Request request;
        std::vector<std::string> values;

        /// The value of a parameter of the query, decoded; nullopt when it is not there.
        [[nodiscard]] std::optional<std::string> query(std::string_view name) const;
    };
    using Handler = std::function<base::Task<Response>(Call)>;
    /// A page that is made without a wait.
    using Page = std::function<Response(const Call&)>;

    /// `pattern`: "/jobs/{id}/log"; a {…} is one part of the path that is not empty.
    void add(std::string method, std::string pattern, Handler handler);
    void add_page(std::string pattern, Page page);

    [[nodiscard]] base::Task<Response> answer(Request request) const;

  private:
    struct Route {
        std::string method;
        std::string pattern;
        Handler handler;
    };
    [[nodiscard]] Response refuse(const Request& request) const;

    std::vector<Route> routes_;
};

/// A response of text that no cache keeps.
Response text_response(unsigned status, std::string body,
                       std::string type = "text/plain; charset=utf-8");

}  // namespace protocol::http
