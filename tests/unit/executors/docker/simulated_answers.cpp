#include "tests/unit/executors/docker/simulated_answers.hpp"

namespace executors::docker::simulated {

using nlohmann::json;
using protocol::http::Response;

namespace {

std::string decode(const std::string& text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
            decoded += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else {
            decoded += text[i];
        }
    }
    return decoded;
}

}  // namespace

Response respond(unsigned status, const json& body) {
    Response response;
    response.status = status;
    response.body = body.dump();
    return response;
}

Response respond_empty(unsigned status) {
    Response response;
    response.status = status;
    return response;
}

Response not_found() { return respond(404, {{"message", "no such thing"}}); }

std::string query_of(const std::string& target) {
    const auto question = target.find('?');
    return question == std::string::npos ? "" : target.substr(question + 1);
}

std::string query_value(const std::string& query, const std::string& name) {
    const auto begin = ("&" + query).find("&" + name + "=");
    if (begin == std::string::npos) return {};
    const auto from = begin + name.size() + 1;
    return decode(query.substr(from, query.find('&', from) - from));
}

bool fits_filters(const std::string& query, const std::map<std::string, std::string>& labels) {
    const json filters = json::parse(query_value(query, "filters"));
    for (const std::string text : filters.value("label", json::array())) {
        const auto equal = text.find('=');
        const auto found = labels.find(text.substr(0, equal));
        const bool any = equal == std::string::npos;
        if (found == labels.end() || (!any && found->second != text.substr(equal + 1)))
            return false;
    }
    return true;
}

}  // namespace executors::docker::simulated
