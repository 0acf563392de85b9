#include "runner/pipeline/yaml/load.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "runner/pipeline/yaml/scalars.hpp"

namespace runner::pipeline::yaml {
namespace {

constexpr std::string_view kReferenceTag = "!reference";
constexpr std::string_view kCoreTags = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text) {
    return text == nullptr ? std::string_view{}
                           : std::string_view(reinterpret_cast<const char*>(text));
}

/// What a map of so many entries takes in GitLab's language: a table that doubles as it grows.
std::uint64_t table_bytes(std::uint64_t entries) {
    constexpr std::uint64_t kHeader = 96;
    constexpr std::uint64_t kEntry = 24;
    if (entries == 0) return 40;
    if (entries <= 8) return 168;
    const std::uint64_t places = std::max<std::uint64_t>(32, std::bit_ceil(entries + 1));
    const std::uint64_t slot = places <= 128 ? 1 : places <= 32768 ? 2 : 4;
    return kHeader + places * (kEntry + 2 * slot);
}

/// What a value takes there, aliases counted each time; counting ends beyond `most`.
std::uint64_t parsed_bytes(const Value& value, std::uint64_t most) {
    constexpr std::uint64_t kObject = 40;
    constexpr std::size_t kWithinObject = 23;
    switch (value.kind()) {
        case Kind::kString: {
            const std::size_t size = value.as_string().size();
            return size <= kWithinObject ? kObject : kObject + size + 1;
        }
        case Kind::kReference: return kObject;
        case Kind::kList: {
            const List& items = value.items();
            std::uint64_t bytes = kObject + (items.size() > 3 ? 8 * items.size() : 0);
            for (const Value& item : items) {
                if (bytes > most) break;
                bytes += parsed_bytes(item, most - bytes);
            }
            return bytes;
        }
        case Kind::kMap: {
            std::uint64_t bytes = table_bytes(value.entries().size());
            for (const auto& [key, item] : value.entries()) {
                if (bytes > most) break;
                bytes += parsed_bytes(key, most);
                if (bytes <= most) bytes += parsed_bytes(item, most - bytes);
            }
            return bytes;
        }
        default: return 0;
    }
}

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

/// Builds the values of one document from the parser's events. Problems leave as exceptions of a
/// private type and become results at load().
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
        // GitLab's parser leaves off here, too: what follows the document is never looked at.
        Event document_end;
        next(document_end);
        if (unknown_alias_) throw Problem(*unknown_alias_);
        if (parsed_bytes(root, limits_.parsed_bytes) > limits_.parsed_bytes) {
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
        Mark place = mark_of(reader ? parser_.mark : parser_.problem_mark);
        return Problem{fmt::format("(<unknown>): {} at line {} column {}", text, line, column),
                       place};
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
                const std::string anchor{view(event->data.sequence_start.anchor)};
                const bool reference = view(event->data.sequence_start.tag) == kReferenceTag;
                open(anchor);
                Value value = sequence(mark, depth);
                if (reference) value = Value::reference(std::move(value), mark);
                remember(anchor, value);
                return value;
            }
            case YAML_MAPPING_START_EVENT: {
                const std::string anchor{view(event->data.mapping_start.anchor)};
                const bool reference = view(event->data.mapping_start.tag) == kReferenceTag;
                open(anchor);
                Value value = mapping(mark, depth);
                if (reference) value = Value::reference(std::move(value), mark);
                remember(anchor, value);
                return value;
            }
            default: throw Problem{"Invalid configuration format", mark};
        }
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
        return weighed(Value::list(std::move(items), mark));
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
        return weighed(Value::map(std::move(map), mark));
    }

    /// The parser merges at the place of the key: entries after it win over the merged ones, and
    /// the merged ones over those before. Within a list the earlier map wins.
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

    /// Stops while a list or map is still growing: at its end it may not fit into memory any more.
    void count(const Value& member, std::uint64_t& weight) const {
        weight += member.weight();
        if (weight > limits_.nodes) throw Problem{std::string(kTooBig), member.mark()};
    }

    Value weighed(Value value) const {
        if (value.weight() > limits_.nodes || value.depth() > limits_.depth + 1) {
            throw Problem{std::string(kTooBig), value.mark()};
        }
        return value;
    }

    Value alias(std::string_view name, Mark mark) {
        const auto found = anchors_.find(std::string(name));
        if (found == anchors_.end()) {
            // Names are looked up when all is read, so an error of syntax behind it comes first.
            if (!unknown_alias_) {
                unknown_alias_ = Problem{fmt::format("Unknown alias: {}", name), mark};
            }
            return Value::null(mark);
        }
        // An alias to something that is still being read would make it contain itself.
        if (!found->second) throw Problem{std::string(kTooBig), mark};
        return *found->second;
    }

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
