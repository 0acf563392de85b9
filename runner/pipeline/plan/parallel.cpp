#include "runner/pipeline/plan/parallel.hpp"

#include <fmt/format.h>

namespace runner::pipeline::plan {

using yaml::List;
using yaml::Value;

namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

std::size_t count_combinations(const Value& map) {
    std::size_t product = 1;
    for (const auto& [key, value] : map.entries()) {
        product *= value.is_list() ? value.items().size() : 1;
    }
    return product;
}

std::vector<Variables> combinations(const Value& map) {
    // With an empty list there are no combinations. Without this check, all combinations of the
    // lists before it would be made first.
    if (count_combinations(map) == 0) return {};
    std::vector<Variables> all{{}};
    for (const auto& [key, value] : map.entries()) {
        const List values = value.is_list() ? value.items() : List{value};
        std::vector<Variables> longer;
        longer.reserve(all.size() * values.size());
        for (const Variables& one : all) {
            for (const Value& item : values) {
                Variables next = one;
                next.emplace_back(key.to_text(), item.to_text());
                longer.push_back(std::move(next));
            }
        }
        all = std::move(longer);
    }
    return all;
}

std::string suffix_of(const Variables& variables) {
    std::string text;
    for (const auto& [key, value] : variables) {
        if (!text.empty()) text += ", ";
        text += value;
    }
    return fmt::format(": [{}]", text);
}

}  // namespace

std::size_t count_parallel(const Value& parallel) {
    if (parallel.is_integer()) return static_cast<std::size_t>(parallel.as_integer());
    const Value* matrix = parallel.given("matrix");
    if (matrix == nullptr || !matrix->is_list()) return 0;
    std::size_t count = 0;
    for (const Value& map : matrix->items()) count += map.is_map() ? count_combinations(map) : 0;
    return count;
}

std::vector<Instance> expand_parallel(const Value& parallel) {
    std::vector<Instance> instances;
    if (parallel.is_integer()) {
        const int total = static_cast<int>(parallel.as_integer());
        for (int i = 1; i <= total; ++i) {
            instances.push_back({fmt::format(" {}/{}", i, total), {}, i, total});
        }
        return instances;
    }
    const Value* matrix = parallel.given("matrix");
    if (matrix == nullptr || !matrix->is_list()) return instances;
    for (const Value& map : matrix->items()) {
        if (!map.is_map()) continue;
        for (Variables& variables : combinations(map)) {
            Instance instance;
            instance.suffix = suffix_of(variables);
            instance.variables = std::move(variables);
            instances.push_back(std::move(instance));
        }
    }
    for (std::size_t i = 0; i < instances.size(); ++i) {
        instances[i].index = static_cast<int>(i) + 1;
        instances[i].total = static_cast<int>(instances.size());
    }
    return instances;
}

}  // namespace runner::pipeline::plan
