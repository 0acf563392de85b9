#include "runner/pipeline/plan/needs.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

#include "runner/pipeline/plan/parallel.hpp"

namespace runner::pipeline::plan {

using yaml::Value;

namespace {

using Matrix = std::vector<std::pair<std::string, std::string>>;

Checked<Value> interpolate_text(const std::string& job, const Value& value, const Matrix& matrix) {
    static const RE2 kBlock(R"((?s)(.*?)\$\[\[\s*matrix\.([^\s\]]+)\s*\]\])");
    re2::StringPiece rest(value.as_string());
    std::string text;
    re2::StringPiece before;
    std::string name;
    // One pass: an inserted value is not searched for blocks again.
    while (RE2::Consume(&rest, kBlock, &before, &name)) {
        const auto found = std::find_if(matrix.begin(), matrix.end(),
                                        [&](const auto& entry) { return entry.first == name; });
        if (found == matrix.end()) {
            return Problem{
                fmt::format("{} job: '{}' does not exist in matrix configuration", job, name),
                value.mark()};
        }
        text.append(before.data(), before.size());
        text += found->second;
    }
    text.append(rest.data(), rest.size());
    return Value::string(std::move(text), value.mark());
}

bool flag(const Value& need, std::string_view key, bool fallback) {
    const Value* value = need.given(key);
    return value == nullptr || !value->is_bool() ? fallback : value->as_bool();
}

void add_need(const Need& need, const ParallelNames& parallel, std::vector<Need>& needs) {
    const auto instances = parallel.find(need.job);
    if (instances == parallel.end()) {
        needs.push_back(need);
        return;
    }
    for (const std::string& name : instances->second) {
        Need one = need;
        one.job = name;
        needs.push_back(std::move(one));
    }
}

}  // namespace

Checked<Value> interpolate_matrix(const std::string& job, const Value& value,
                                  const Matrix& matrix) {
    if (value.is_string()) {
        if (value.as_string().find("$[[") == std::string::npos) return value;
        return interpolate_text(job, value, matrix);
    }
    if (value.is_list()) {
        yaml::List items;
        for (const Value& item : value.items()) {
            auto result = interpolate_matrix(job, item, matrix);
            if (!result) return result;
            items.push_back(*result);
        }
        return Value::list(std::move(items), value.mark());
    }
    if (!value.is_map()) return value;
    yaml::Map map;
    for (const auto& [key, item] : value.entries()) {
        auto result = interpolate_matrix(job, item, matrix);
        if (!result) return result;
        map.set(key, *result);
    }
    return Value::map(std::move(map), value.mark());
}

ExpandedNeeds expand_needs(const Value& needs, const ParallelNames& parallel) {
    ExpandedNeeds result;
    for (const Value& need : flatten_needs(needs)) {
        if (need.is_string()) {
            add_need({need.as_string(), true, false, need.mark()}, parallel, result.needs);
            continue;
        }
        const Value* target = need.given("job");
        if (target == nullptr || need.find("pipeline") != nullptr ||
            need.find("project") != nullptr) {
            result.others.push_back(need);
            continue;
        }
        const Need one{target->to_text(), flag(need, "artifacts", true),
                       flag(need, "optional", false), need.mark()};
        const Value* selection = need.given("parallel");
        if (selection == nullptr || !parallel.contains(one.job)) {
            add_need(one, parallel, result.needs);
            continue;
        }
        for (const Instance& instance : expand_parallel(*selection)) {
            Need selected = one;
            selected.job += instance.suffix;
            result.needs.push_back(std::move(selected));
        }
    }
    return result;
}

}  // namespace runner::pipeline::plan
