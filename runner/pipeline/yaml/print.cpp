#include "runner/pipeline/yaml/print.hpp"

#include <yaml.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>

#include "base/json.hpp"
#include "runner/pipeline/yaml/scalars.hpp"

namespace runner::pipeline::yaml {
namespace {

bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// Ruby quotes a text when one of its lines begins with a character other than letters, digits and
/// underscores, unless this line contains a quote.
bool any_line_begins_with_sign(const std::string& text) {
    std::size_t start = 0;
    while (start < text.size()) {
        const std::size_t end = std::min(text.find('\n', start), text.size());
        const std::string_view line(text.data() + start, end - start);
        if (!line.empty() && !is_word_character(line.front()) &&
            line.substr(1).find('"') == std::string_view::npos) {
            return true;
        }
        start = end + 1;
    }
    return false;
}

/// Whether the text begins like an octal number, but has other digits. Ruby quotes such texts,
/// because some YAML parsers read them as numbers.
bool looks_octal(const std::string& text) {
    if (!text.starts_with('0')) return false;
    const auto digit = text.find_first_not_of("01234567");
    return digit != std::string::npos && (text[digit] == '8' || text[digit] == '9');
}

yaml_scalar_style_t style_of(const std::string& text) {
    const auto newline = text.find('\n');
    if (newline != std::string::npos && newline + 1 < text.size()) return YAML_LITERAL_SCALAR_STYLE;
    if (text == "y" || text == "Y" || text == "n" || text == "N") {
        return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    }
    if (any_line_begins_with_sign(text)) return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    const auto read_back = resolve_plain(text, {});
    if (!read_back || !read_back->is_string() || looks_octal(text)) {
        return YAML_SINGLE_QUOTED_SCALAR_STYLE;
    }
    return YAML_PLAIN_SCALAR_STYLE;
}

/// Ruby's names for these numbers would be read back as text, so YAML's names are used.
std::string number_text(const Value& value) {
    const double number = value.as_float();
    if (std::isnan(number)) return ".nan";
    if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
    return value.to_text();
}

/// Writes one document with libyaml. A failure of the emitter is a bug, and throws.
class Emitter {
  public:
    explicit Emitter(std::string& out) {
        yaml_emitter_initialize(&emitter_);
        yaml_emitter_set_unicode(&emitter_, 1);
        yaml_emitter_set_output(
            &emitter_,
            [](void* target, unsigned char* bytes, std::size_t size) {
                static_cast<std::string*>(target)->append(reinterpret_cast<char*>(bytes), size);
                return 1;
            },
            &out);
    }
    ~Emitter() { yaml_emitter_delete(&emitter_); }
    Emitter(const Emitter&) = delete;
    Emitter& operator=(const Emitter&) = delete;

    void document(const Value& value) {
        yaml_event_t event;
        yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
        send(event);
        yaml_document_start_event_initialize(&event, nullptr, nullptr, nullptr, 0);
        send(event);
        write(value);
        yaml_document_end_event_initialize(&event, 1);
        send(event);
        yaml_stream_end_event_initialize(&event);
        send(event);
    }

  private:
    void send(yaml_event_t& event) {
        if (yaml_emitter_emit(&emitter_, &event) == 0) {
            throw std::runtime_error(emitter_.problem == nullptr ? "emit" : emitter_.problem);
        }
    }

    void scalar(const std::string& text, yaml_scalar_style_t style) {
        yaml_event_t event;
        // Without the tag, a text << would be read as a merge key.
        const bool tagged = text == "<<";
        std::string tag = YAML_STR_TAG;
        yaml_scalar_event_initialize(
            &event, nullptr, tagged ? reinterpret_cast<const yaml_char_t*>(tag.data()) : nullptr,
            reinterpret_cast<const yaml_char_t*>(text.data()), static_cast<int>(text.size()),
            tagged ? 0 : 1, tagged ? 0 : 1, tagged ? YAML_SINGLE_QUOTED_SCALAR_STYLE : style);
        send(event);
    }
    void text(const std::string& value) { scalar(value, style_of(value)); }

    void list(const List& items) {
        yaml_event_t event;
        yaml_sequence_start_event_initialize(&event, nullptr, nullptr, 1,
                                             YAML_BLOCK_SEQUENCE_STYLE);
        send(event);
        for (const Value& item : items) write(item);
        yaml_sequence_end_event_initialize(&event);
        send(event);
    }

    void map(const Map& entries) {
        yaml_event_t event;
        yaml_mapping_start_event_initialize(&event, nullptr, nullptr, 1, YAML_BLOCK_MAPPING_STYLE);
        send(event);
        for (const auto& [key, value] : entries) {
            text(key_text(key));
            write(value);
        }
        yaml_mapping_end_event_initialize(&event);
        send(event);
    }

    void write(const Value& value) {
        switch (value.kind()) {
            case Kind::kList: return list(value.items());
            case Kind::kMap: return map(value.entries());
            case Kind::kReference: return write(value.target());
            case Kind::kString: return text(value.as_string());
            case Kind::kSymbol: return scalar(":" + value.as_string(), YAML_PLAIN_SCALAR_STYLE);
            case Kind::kFloat: return scalar(number_text(value), YAML_PLAIN_SCALAR_STYLE);
            default: return scalar(value.to_text(), YAML_PLAIN_SCALAR_STYLE);
        }
    }

    yaml_emitter_t emitter_{};
};

nlohmann::ordered_json json_of(const Value& value) {
    switch (value.kind()) {
        case Kind::kNull: return nullptr;
        case Kind::kBool: return value.as_bool();
        case Kind::kInteger: return value.as_integer();
        case Kind::kFloat: return value.as_float();
        case Kind::kString:
        case Kind::kSymbol: return value.as_string();
        case Kind::kReference: return json_of(value.target());
        case Kind::kList: {
            auto list = nlohmann::ordered_json::array();
            for (const Value& item : value.items()) list.push_back(json_of(item));
            return list;
        }
        case Kind::kMap: {
            auto map = nlohmann::ordered_json::object();
            for (const auto& [key, item] : value.entries()) map[key_text(key)] = json_of(item);
            return map;
        }
    }
    return nullptr;
}

}  // namespace

std::string to_yaml(const Value& value) {
    std::string out;
    auto emitter = std::make_unique<Emitter>(out);
    emitter->document(value);
    return out;
}

std::string inspect(const std::string& text) {
    std::string out = "\"";
    for (const char c : text) {
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\t': out += "\\t"; break;
            case '\r': out += "\\r"; break;
            default: out += c;
        }
    }
    return out + "\"";
}

namespace {

/// How the keys of maps are written: "k" or :k.
enum class Keys { kTexts, kSymbols };

std::string notation(const Value& value, Keys keys);

std::string inspect_key(const Value& key, Keys keys) {
    if (keys == Keys::kTexts || !key.is_string()) return notation(key, keys);
    const std::string& text = key.as_string();
    const bool word = !text.empty() && std::all_of(text.begin(), text.end(), is_word_character) &&
                      (text.front() < '0' || text.front() > '9');
    return ":" + (word ? text : yaml::inspect(text));
}

std::string notation(const Value& value, Keys keys) {
    switch (value.kind()) {
        case Kind::kNull: return "nil";
        case Kind::kString: return yaml::inspect(value.as_string());
        case Kind::kSymbol: return ":" + value.as_string();
        case Kind::kReference: return "!reference " + notation(value.target(), keys);
        case Kind::kList: {
            std::string out = "[";
            for (const Value& item : value.items()) {
                if (out.size() > 1) out += ", ";
                out += notation(item, keys);
            }
            return out + "]";
        }
        case Kind::kMap: {
            std::string out = "{";
            for (const auto& [key, item] : value.entries()) {
                if (out.size() > 1) out += ", ";
                out += inspect_key(key, keys) + "=>" + notation(item, keys);
            }
            return out + "}";
        }
        default: return value.to_text();
    }
}

}  // namespace

std::string inspect(const Value& value) { return notation(value, Keys::kTexts); }

std::string interpolated(const Value& value) {
    if (!value.is_list() && !value.is_map()) return value.to_text();
    return notation(value, Keys::kSymbols);
}

std::string key_text(const Value& key) {
    return key.is_list() || key.is_map() ? inspect(key) : key.to_text();
}

std::string joined(const List& items, std::string_view separator) {
    std::string out;
    for (const Value& item : items) {
        if (&item != &items.front()) out += separator;
        out += item.is_list() ? joined(item.items(), separator) : interpolated(item);
    }
    return out;
}

std::string to_json(const Value& value) { return base::dump_json(json_of(value)); }

}  // namespace runner::pipeline::yaml
