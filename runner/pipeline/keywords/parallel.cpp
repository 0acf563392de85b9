#include <algorithm>
#include <cstdint>

#include "runner/pipeline/keywords/checks.hpp"
#include "runner/pipeline/keywords/value_checks.hpp"

namespace runner::pipeline::keywords {

using yaml::Value;

namespace {

constexpr std::int64_t kMostParallel = 200;

bool is_matrix_scalar(const Value& value) { return value.is_string() || value.is_integer(); }

/// Whether the keys are scalars and the values are scalars or lists of scalars.
bool is_matrix_map(const Value& map) {
    return std::all_of(map.entries().begin(), map.entries().end(), [](const auto& entry) {
        if (!is_matrix_scalar(entry.first)) return false;
        if (is_matrix_scalar(entry.second)) return true;
        return entry.second.is_list() && std::all_of(entry.second.items().begin(),
                                                     entry.second.items().end(), is_matrix_scalar);
    });
}

std::int64_t combinations(const Value& map) {
    std::int64_t product = 1;
    for (const auto& [key, value] : map.entries()) {
        const auto count = value.is_list() ? static_cast<std::int64_t>(value.items().size()) : 1;
        product = std::min<std::int64_t>(product * count, 1'000'000);
    }
    return product;
}

void check_matrix(const Value& value, const KeyPath& key_path, Report& report) {
    if (!is_map_list(value))
        return report.add(key_path, "config should be an array of hashes", value.mark());
    std::int64_t total = 0;
    for (const Value& map : value.items()) total += combinations(map);
    if (total > kMostParallel) {
        report.add(key_path, "config generates too many jobs (maximum is 200)", value.mark());
    }
    const KeyPath inner{&key_path, "variables"};
    for (const Value& map : value.items()) {
        if (map.entries().empty()) {
            report.add(inner, "config requires at least 1 items", map.mark());
        } else if (!is_matrix_map(map)) {
            report.add(inner, "config should be a hash of key value pairs, value can be an array",
                       map.mark());
        }
    }
}

}  // namespace

void check_parallel(const Value& value, bool bridge, const KeyPath& key_path, Report& report) {
    if (value.is_map()) {
        const std::size_t before = report.count();
        check_keys(value, {"matrix"}, key_path, report);
        check_required(value, {"matrix"}, key_path, report);
        const Value* matrix = value.given("matrix");
        if (report.clean_since(before) && matrix != nullptr) {
            check_matrix(*matrix, KeyPath{&key_path, "matrix"}, report);
        }
        return;
    }
    if (!value.is_integer() && !value.is_float()) {
        return report.add(key_path, "should be an integer or a hash", value.mark());
    }
    if (value.is_float()) return report.add(key_path, "config must be an integer", value.mark());
    if (value.as_integer() < 1) {
        report.add(key_path, "config must be greater than or equal to 1", value.mark());
    }
    if (value.as_integer() > kMostParallel) {
        report.add(key_path, "config must be less than or equal to 200", value.mark());
    }
    if (bridge) report.add(key_path, "config cannot use \"parallel: <number>\".", value.mark());
}

}  // namespace runner::pipeline::keywords
