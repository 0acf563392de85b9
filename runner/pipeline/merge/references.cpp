#include "runner/pipeline/merge/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/yaml/load.hpp"
#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline::merge {
namespace {

using yaml::Kind;
using yaml::List;
using yaml::Map;
using yaml::Value;

class ReferenceResolver {
  public:
    explicit ReferenceResolver(const Value& root) : root_(root) {}

    Checked<Value> resolve(const Value& value) {
        // A value is as deep in the result as the recursion is here, so this limits the result.
        if (depth_ > yaml::kDeepest) return too_big(value.mark());
        ++depth_;
        auto resolved = by_kind(value);
        --depth_;
        return resolved;
    }

  private:
    static Problem too_big(Mark mark) { return {std::string(yaml::kTooBig), mark}; }

    Checked<Value> by_kind(const Value& value) {
        switch (value.kind()) {
            case Kind::kReference: return reference(value);
            case Kind::kList: return list(value);
            case Kind::kMap: return map(value);
            default: return value;
        }
    }

    Checked<Value> list(const Value& value) {
        std::optional<List> changed;
        const List& items = value.items();
        for (std::size_t i = 0; i < items.size(); ++i) {
            auto item = resolve(items[i]);
            if (!item) return item;
            if (item->same_as(items[i])) continue;
            if (!changed) changed = items;
            (*changed)[i] = std::move(*item);
        }
        if (!changed) return value;
        return yaml::bounded(Value::list(std::move(*changed), value.mark()));
    }

    Checked<Value> map(const Value& value) {
        std::optional<Map> changed;
        for (const auto& [key, child] : value.entries()) {
            auto item = resolve(child);
            if (!item) return item;
            if (item->same_as(child)) continue;
            if (!changed) changed = value.entries();
            changed->set(key, std::move(*item));
        }
        if (!changed) return value;
        return yaml::bounded(Value::map(std::move(*changed), value.mark()));
    }

    Checked<Value> reference(const Value& value) {
        const Value& path = value.target();
        if (!valid_path(path)) {
            return Problem{fmt::format("!reference {} is not valid", yaml::inspect(path)),
                           value.mark()};
        }
        const std::string name = yaml::inspect(path);
        const auto done = done_.find(name);
        if (done != done_.end()) return done->second;
        if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
            return Problem{fmt::format("!reference {} is part of a circular chain", name),
                           value.mark()};
        }
        open_.push_back(name);
        auto found = look_up(path, value.mark());
        open_.pop_back();
        if (found) done_.emplace(name, *found);
        return found;
    }

    static bool valid_path(const Value& path) {
        if (!path.is_list() || path.items().empty()) return false;
        return std::all_of(path.items().begin(), path.items().end(),
                           [](const Value& part) { return part.is_string(); });
    }

    Checked<Value> look_up(const Value& path, Mark mark) {
        const Problem missing{fmt::format("!reference {} could not be found", yaml::inspect(path)),
                              mark};
        Value at = root_;
        for (const Value& part : path.items()) {
            // A reference on the path is resolved before the next key is looked up in it.
            if (at.is_reference()) {
                auto resolved = resolve(at);
                if (!resolved) return resolved;
                at = *resolved;
            }
            const Value* next = at.find(part.as_string());
            if (next == nullptr || next->is_null()) return missing;
            at = *next;
        }
        if (at.is_bool() && !at.as_bool()) return missing;
        return resolve(at);
    }

    const Value& root_;
    std::unordered_map<std::string, Value> done_;
    std::vector<std::string> open_;
    std::uint32_t depth_ = 0;
};

}  // namespace

Checked<Value> resolve_references(const Value& root) {
    return ReferenceResolver(root).resolve(root);
}

}  // namespace runner::pipeline::merge
