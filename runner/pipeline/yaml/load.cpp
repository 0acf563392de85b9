#include "runner/pipeline/yaml/load.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "runner/pipeline/yaml/events.hpp"
#include "runner/pipeline/yaml/ruby_size.hpp"
#include "runner/pipeline/yaml/scalars.hpp"

namespace runner::pipeline::yaml {
namespace {

constexpr std::string_view kReferenceTag = "!reference";
constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";

/// Thrown when a document is too large to be built; its syntax is still checked to the end.
struct TooLarge {
    Mark mark;
};

/// Merges at the position of the merge key, as Psych does: the merged entries override entries
/// before the key, and entries after the key override them. In a list, earlier maps override
/// later ones. Returns false when the value cannot be merged.
bool merge_key(Map& map, yaml_event_type_t type, const Value& value) {
    const bool one = type == YAML_ALIAS_EVENT || type == YAML_MAPPING_START_EVENT;
    if (one && value.is_map()) {
        for (const auto& [k, v] : value.entries()) map.set(k, v);
        return true;
    }
    if (type != YAML_SEQUENCE_START_EVENT || !value.is_list()) return false;
    const List& parts = value.items();
    if (!std::all_of(parts.begin(), parts.end(), [](const Value& p) { return p.is_map(); })) {
        return false;
    }
    Map merged;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
        for (const auto& [k, v] : part->entries()) merged.set(k, v);
    }
    for (const auto& [k, v] : merged) map.set(k, v);
    return true;
}

/// Builds the values of one document from the events of the parser. Problems of the syntax are
/// thrown, and become results in read().
///
/// GitLab parses the whole text before it makes values of it, and asks for their size after that.
/// So syntax problems have priority over those of values, and these over the size.
class Composer {
  public:
    Composer(std::string_view text, std::uint16_t file, std::uint32_t first_line,
             const LoadLimits& limits)
        : reader_(text, file, first_line), limits_(limits) {}

    Parsed document() {
        Event start;
        reader_.next(start);  // stream start
        Event document_start;
        reader_.next(document_start);
        if (document_start->type == YAML_STREAM_END_EVENT) return {};
        Parsed parsed;
        try {
            Event first;
            reader_.next(first);
            parsed.value = compose(first, 1);
            // GitLab's parser also stops here. It does not read what follows the document.
            Event document_end;
            reader_.next(document_end);
        } catch (const TooLarge& large) {
            reader_.skip_rest();
            too_big_at(large.mark);
        }
        if (value_problem_) throw Problem(*value_problem_);
        if (!too_big_ && ruby_size(parsed.value, limits_.parsed_bytes) > limits_.parsed_bytes) {
            too_big_at(parsed.value.mark());
        }
        parsed.too_big = std::move(too_big_);
        return parsed;
    }

  private:
    void too_big_at(Mark mark) {
        if (!too_big_) too_big_ = Problem{std::string(kTooBig), mark};
    }
    /// Keeps the first problem of a value.
    void value_problem(Problem problem) {
        if (!value_problem_) value_problem_ = std::move(problem);
    }

    Value compose(Event& event, std::uint32_t depth) {
        const bool opens =
            event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
        if (opens && depth > limits_.depth) throw TooLarge{reader_.mark_of(event->start_mark)};
        const Mark mark = reader_.mark_of(event->start_mark);
        switch (event->type) {
            case YAML_ALIAS_EVENT:
                return alias(std::string(text_of(event->data.alias.anchor)), mark);
            case YAML_SCALAR_EVENT: {
                Value value = scalar(event, mark);
                remember(text_of(event->data.scalar.anchor), value);
                return value;
            }
            case YAML_SEQUENCE_START_EVENT: {
                const auto& data = event->data.sequence_start;
                return collection(text_of(data.anchor), text_of(data.tag), mark,
                                  [&] { return sequence(mark, depth); });
            }
            case YAML_MAPPING_START_EVENT: {
                const auto& data = event->data.mapping_start;
                return collection(text_of(data.anchor), text_of(data.tag), mark,
                                  [&] { return mapping(text_of(data.anchor), mark, depth); });
            }
            default: throw Problem{"Invalid configuration format", mark};
        }
    }

    /// A sequence or mapping; `compose_items` composes it.
    template <typename Compose>
    Value collection(std::string_view anchor_name, std::string_view tag, Mark mark,
                     Compose compose_items) {
        const std::string anchor(anchor_name);
        const bool reference = tag == kReferenceTag;
        open(anchor);
        Value value = compose_items();
        if (reference) value = Value::reference(std::move(value), mark);
        remember(anchor, value);
        return value;
    }

    Value scalar(Event& event, Mark mark) {
        const auto& data = event->data.scalar;
        const std::string_view tag = text_of(data.tag);
        std::string text(reinterpret_cast<const char*>(data.value), data.length);
        if (tag == kReferenceTag) {
            return Value::reference(Value::string(std::move(text), mark), mark);
        }
        const bool core = tag.starts_with(kCoreTags);
        if ((core && tag.substr(kCoreTags.size()) == "str") || tag == "!") {
            return Value::string(std::move(text), mark);
        }
        if (data.style != YAML_PLAIN_SCALAR_STYLE) return Value::string(std::move(text), mark);
        auto value = resolve_plain(text, mark);
        if (value) return *value;
        value_problem(value.error());
        return Value::null(mark);
    }

    Value sequence(Mark mark, std::uint32_t depth) {
        List items;
        std::uint64_t weight = 1;
        for (;;) {
            Event event;
            reader_.next(event);
            if (event->type == YAML_SEQUENCE_END_EVENT) break;
            items.push_back(compose(event, depth + 1));
            count(items.back(), weight);
        }
        return within_limits(Value::list(std::move(items), mark));
    }

    Value mapping(std::string_view anchor, Mark mark, std::uint32_t depth) {
        Map map;
        if (!anchor.empty()) open_maps_[std::string(anchor)] = &map;
        const bool outer_merges = merges_;
        std::uint64_t weight = 1;
        for (;;) {
            Event key_event;
            reader_.next(key_event);
            if (key_event->type == YAML_MAPPING_END_EVENT) break;
            const bool explicit_text =
                key_event->type == YAML_SCALAR_EVENT &&
                text_of(key_event->data.scalar.tag) == "tag:yaml.org,2002:str";
            merges_ = false;
            Value key = compose(key_event, depth + 1);
            merges_ = !explicit_text && key.is_text("<<");
            Event value_event;
            reader_.next(value_event);
            const auto type = value_event->type;
            Value value = compose(value_event, depth + 1);
            count(key, weight);
            count(value, weight);
            if (!explicit_text && key.is_text("<<") && merge_key(map, type, value)) continue;
            map.set(std::move(key), std::move(value));
        }
        merges_ = outer_merges;
        open_maps_.erase(std::string(anchor));
        return within_limits(Value::map(std::move(map), mark));
    }

    /// Counts the nodes while a list or map grows, because a complete one might not fit into
    /// memory.
    void count(const Value& member, std::uint64_t& weight) const {
        weight += member.weight();
        if (weight > limits_.nodes) throw TooLarge{member.mark()};
    }

    Value within_limits(Value value) const {
        if (value.weight() > limits_.nodes || value.depth() > limits_.depth + 1) {
            throw TooLarge{value.mark()};
        }
        return value;
    }

    Value alias(const std::string& name, Mark mark) {
        const auto found = anchors_.find(name);
        if (found == anchors_.end()) {
            value_problem({fmt::format("Unknown alias: {}", name), mark});
            return Value::null(mark);
        }
        if (found->second) return *found->second;
        // The alias is inside the value it refers to. A merge key gets the entries so far; any
        // other value would contain itself.
        const auto open = open_maps_.find(name);
        if (merges_ && open != open_maps_.end()) return Value::map(*open->second, mark);
        too_big_at(mark);
        return Value::null(mark);
    }

    /// Marks the anchor of a list or map as not complete yet.
    void open(const std::string& anchor) {
        if (!anchor.empty()) anchors_[anchor] = std::nullopt;
    }
    void remember(std::string_view anchor, const Value& value) {
        if (!anchor.empty()) anchors_[std::string(anchor)] = value;
    }

    EventReader reader_;
    const LoadLimits& limits_;
    std::optional<Problem> value_problem_;
    std::optional<Problem> too_big_;
    std::unordered_map<std::string, std::optional<Value>> anchors_;  ///< empty: not complete yet
    std::unordered_map<std::string, const Map*> open_maps_;  ///< those that are not complete yet
    bool merges_ = false;                                    ///< in the value of a merge key
};

}  // namespace

Checked<Value> bounded(Value value) {
    if (value.weight() > kMostNodes || value.depth() > kDeepest) {
        return Problem{std::string(kTooBig), value.mark()};
    }
    return value;
}

Checked<Parsed> read(std::string_view text, std::uint16_t file, std::uint32_t first_line,
                     const LoadLimits& limits) {
    if (text.size() > limits.text_bytes) return Problem{"The provided YAML is too big", {}};
    try {
        auto composer = std::make_unique<Composer>(text, file, first_line, limits);
        return composer->document();
    } catch (Problem& problem) {
        return std::move(problem);
    }
}

Checked<Value> load(std::string_view text) {
    auto parsed = read(text);
    if (!parsed) return parsed.error();
    if (parsed->too_big) return *parsed->too_big;
    return parsed->value;
}

}  // namespace runner::pipeline::yaml
