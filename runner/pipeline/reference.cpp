#include "runner/pipeline/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <vector>

#include "runner/pipeline/yaml/print.hpp"

namespace runner::pipeline {
namespace {

using yaml::Kind;
using yaml::List;
using yaml::Map;
using yaml::Value;

constexpr std::uint64_t kMostNodes = 4'000'000;
constexpr std::uint32_t kDeepest = 200;

class Resolver {
  public:
    explicit Resolver(const Value& root) : root_(root) {}

    Checked<Value> resolve(const Value& value) {
        switch (value.kind()) {
            case Kind::kReference: return reference(value);
            case Kind::kList: return list(value);
            case Kind::kMap: return map(value);
            default: return value;
        }
    }

  private:
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
        return guarded(Value::list(std::move(*changed), value.mark()));
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
        return guarded(Value::map(std::move(*changed), value.mark()));
    }

    static Checked<Value> guarded(Value value) {
        if (value.weight() > kMostNodes || value.depth() > kDeepest) {
            return Problem{"The parsed YAML is too big", value.mark()};
        }
        return value;
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
        // Each level of the walk comes back here, so the list of open ones bounds the recursion.
        if (std::find(open_.begin(), open_.end(), name) != open_.end() || open_.size() > kDeepest) {
            return Problem{fmt::format("!reference {} is part of a circular chain", name),
                           value.mark()};
        }
        open_.push_back(name);
        auto found = walk(path, value.mark());
        open_.pop_back();
        if (found) done_.emplace(name, *found);
        return found;
    }

    static bool valid_path(const Value& path) {
        if (!path.is_list() || path.items().empty()) return false;
        return std::all_of(path.items().begin(), path.items().end(),
                           [](const Value& part) { return part.is_string(); });
    }

    Checked<Value> walk(const Value& path, Mark mark) {
        const Problem missing{
            fmt::format("!reference {} could not be found", yaml::inspect(path)), mark};
        Value at = root_;
        for (const Value& part : path.items()) {
            // A reference on the way is followed before its parts are asked for.
            if (at.is_reference()) {
                auto followed = resolve(at);
                if (!followed) return followed;
                at = *followed;
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
};

}  // namespace

Checked<Value> resolve_references(const Value& root) { return Resolver(root).resolve(root); }

}  // namespace runner::pipeline
