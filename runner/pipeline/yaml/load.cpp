#include "runner/pipeline/yaml/load.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "runner/pipeline/yaml/ruby_size.hpp"
#include "runner/pipeline/yaml/scalars.hpp"

namespace runner::pipeline::yaml {
namespace {

constexpr std::string_view kReferenceTag = "!reference";
constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text) {
    return text == nullptr ? std::string_view{}
                           : std::string_view(reinterpret_cast<const char*>(text));
}

/// One event of the parser.
class Event {
  public:
    Event() = default;
    ~Event() { yaml_event_delete(&event_); }
    Event(const Event&) = delete;
    Event& operator=(const Event&) = delete;
    yaml_event_t* get() { return &event_; }
    yaml_event_t* operator->() { return &event_; }

  private:
    yaml_event_t event_{};
};

/// Builds the values of one document from the events of the parser. Problems are thrown, and become
/// results in load().
class Composer {
  public:
    Composer(std::string_view text, std::uint16_t file, std::uint32_t first_line,
             const LoadLimits& limits)
        : file_(file), first_line_(first_line), limits_(limits) {
        yaml_parser_initialize(&parser_);
        yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
        yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                     text.size());
    }
    ~Composer() { yaml_parser_delete(&parser_); }
    Composer(const Composer&) = delete;
    Composer& operator=(const Composer&) = delete;

    Value document() {
        Event start;
        next(start);  // stream start
        Event document_start;
        next(document_start);
        if (document_start->type == YAML_STREAM_END_EVENT) return Value::map({});
        Event first;
        next(first);
        Value root = compose(first, 1);
        // GitLab's parser also stops here. It does not read what follows the document.
        Event document_end;
        next(document_end);
        if (unknown_alias_) throw Problem(*unknown_alias_);
        if (ruby_size(root, limits_.parsed_bytes) > limits_.parsed_bytes) {
            throw Problem{std::string(kTooBig), root.mark()};
        }
        return root;
    }

  private:
    void next(Event& event) {
        if (yaml_parser_parse(&parser_, event.get()) == 0) throw syntax_problem();
    }

    [[nodiscard]] Problem syntax_problem() const {
        if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
        std::string text = parser_.problem == nullptr ? "could not be read" : parser_.problem;
        if (parser_.context != nullptr) text = fmt::format("{} {}", text, parser_.context);
        const bool reader = parser_.error == YAML_READER_ERROR;
        const auto line = parser_.context_mark.line + 1;
        const auto column = parser_.context_mark.column + 1;
        const Mark mark = mark_of(reader ? parser_.mark : parser_.problem_mark);
        return Problem{fmt::format("(<unknown>): {} at line {} column {}", text, line, column),
                       mark};
    }

    [[nodiscard]] Mark mark_of(const yaml_mark_t& mark) const {
        const auto column = std::min<std::size_t>(mark.column + 1, 0xffff);
        return Mark{static_cast<std::uint32_t>(mark.line) + first_line_,
                    static_cast<std::uint16_t>(column), file_};
    }

    Value compose(Event& event, std::uint32_t depth) {
        const bool opens =
            event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
        if (opens && depth > limits_.depth) {
            throw Problem{std::string(kTooBig), mark_of(event->start_mark)};
        }
        const Mark mark = mark_of(event->start_mark);
        switch (event->type) {
            case YAML_ALIAS_EVENT: return alias(view(event->data.alias.anchor), mark);
            case YAML_SCALAR_EVENT: {
                Value value = scalar(event, mark);
                remember(view(event->data.scalar.anchor), value);
                return value;
            }
            case YAML_SEQUENCE_START_EVENT: {
                const auto& data = event->data.sequence_start;
                return collection(view(data.anchor), view(data.tag), mark,
                                  [&] { return sequence(mark, depth); });
            }
            case YAML_MAPPING_START_EVENT: {
                const auto& data = event->data.mapping_start;
                return collection(view(data.anchor), view(data.tag), mark,
                                  [&] { return mapping(mark, depth); });
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
        const std::string_view tag = view(data.tag);
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
        if (!value) throw value.error();
        return *value;
    }

    Value sequence(Mark mark, std::uint32_t depth) {
        List items;
        std::uint64_t weight = 1;
        for (;;) {
            Event event;
            next(event);
            if (event->type == YAML_SEQUENCE_END_EVENT) break;
            items.push_back(compose(event, depth + 1));
            count(items.back(), weight);
        }
        return within_limits(Value::list(std::move(items), mark));
    }

    Value mapping(Mark mark, std::uint32_t depth) {
        Map map;
        std::uint64_t weight = 1;
        for (;;) {
            Event key_event;
            next(key_event);
            if (key_event->type == YAML_MAPPING_END_EVENT) break;
            const bool explicit_text = key_event->type == YAML_SCALAR_EVENT &&
                                       view(key_event->data.scalar.tag) == "tag:yaml.org,2002:str";
            Value key = compose(key_event, depth + 1);
            Event value_event;
            next(value_event);
            const auto type = value_event->type;
            Value value = compose(value_event, depth + 1);
            count(key, weight);
            count(value, weight);
            if (!explicit_text && key.is_text("<<") && merge_key(map, type, value)) continue;
            map.set(std::move(key), std::move(value));
        }
        return within_limits(Value::map(std::move(map), mark));
    }

    /// Merges at the position of the merge key, as Psych does: the merged entries override entries
    /// before the key, and entries after the key override them. In a list, earlier maps override
    /// later ones. Returns false when the value cannot be merged.
    static bool merge_key(Map& map, yaml_event_type_t type, const Value& value) {
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

    /// Counts the nodes while a list or map grows, because a complete one might not fit into
    /// memory.
    void count(const Value& member, std::uint64_t& weight) const {
        weight += member.weight();
        if (weight > limits_.nodes) throw Problem{std::string(kTooBig), member.mark()};
    }

    Value within_limits(Value value) const {
        if (value.weight() > limits_.nodes || value.depth() > limits_.depth + 1) {
            throw Problem{std::string(kTooBig), value.mark()};
        }
        return value;
    }

    Value alias(std::string_view name, Mark mark) {
        const auto found = anchors_.find(std::string(name));
        if (found == anchors_.end()) {
            // GitLab resolves aliases after parsing, so a syntax error later in the file has
            // priority.
            if (!unknown_alias_) {
                unknown_alias_ = Problem{fmt::format("Unknown alias: {}", name), mark};
            }
            return Value::null(mark);
        }
        // The alias is inside the value it refers to, which would contain itself.
        if (!found->second) throw Problem{std::string(kTooBig), mark};
        return *found->second;
    }

    /// Marks the anchor of a list or map as not complete yet.
    void open(const std::string& anchor) {
        if (!anchor.empty()) anchors_[anchor] = std::nullopt;
    }
    void remember(std::string_view anchor, const Value& value) {
        if (!anchor.empty()) anchors_[std::string(anchor)] = value;
    }

    yaml_parser_t parser_{};
    std::uint16_t file_;
    std::uint32_t first_line_;
    std::optional<Problem> unknown_alias_;
    const LoadLimits& limits_;
    std::unordered_map<std::string, std::optional<Value>> anchors_;
};

}  // namespace

Checked<Value> bounded(Value value) {
    if (value.weight() > kMostNodes || value.depth() > kDeepest) {
        return Problem{std::string(kTooBig), value.mark()};
    }
    return value;
}

Checked<Value> load(std::string_view text, std::uint16_t file, std::uint32_t first_line,
                    const LoadLimits& limits) {
    if (text.size() > limits.text_bytes) return Problem{"The provided YAML is too big", {}};
    try {
        auto composer = std::make_unique<Composer>(text, file, first_line, limits);
        return composer->document();
    } catch (Problem& problem) {
        return std::move(problem);
    }
}

}  // namespace runner::pipeline::yaml
