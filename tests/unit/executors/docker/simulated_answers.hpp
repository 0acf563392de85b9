#pragma once

#include <map>
#include <string>

#include "base/json.hpp"
#include "protocol/http/client.hpp"

/// What the parts of SimulatedEngine read from requests and make answers of.
namespace executors::docker::simulated {

protocol::http::Response respond(unsigned status, const nlohmann::json& body);
protocol::http::Response respond_empty(unsigned status);
protocol::http::Response not_found();

/// What stands behind the question mark of a request's target; "" for nothing.
std::string query_of(const std::string& target);
/// A decoded value of a query; "" when it is not there.
std::string query_value(const std::string& query, const std::string& name);
/// Whether something with these labels is wanted by the filters of a list.
bool fits_filters(const std::string& query, const std::map<std::string, std::string>& labels);

}  // namespace executors::docker::simulated
