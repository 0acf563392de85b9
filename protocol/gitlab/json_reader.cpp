#include "protocol/gitlab/json_reader.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "base/json.hpp"
#include "base/parse.hpp"

namespace protocol::gitlab {

using nlohmann::json;

namespace {

const json& nothing() {
    static const json null;
    return null;
}

std::optional<std::int64_t> whole_number(const json& value) {
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
        if (number > static_cast<std::uint64_t>(kMax)) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (value.is_number_float()) {
        constexpr double kExact = 9007199254740992.0;  // 2^53
        const double number = value.get<double>();
        if (std::floor(number) != number || std::abs(number) > kExact) return std::nullopt;
        return static_cast<std::int64_t>(number);
    }
    if (!value.is_string()) return std::nullopt;
    return base::parse_number<std::int64_t>(value.get_ref<const std::string&>());
}

}  // namespace

JsonReader::JsonReader(const json& value, std::string path, std::string& problem)
    : value_(&value), path_(std::move(path)), problem_(&problem) {
    if (path_.empty() && !value.is_object()) complain("the whole", value, "an object");
}

const json* JsonReader::find(const std::string& key) const {
    if (!value_->is_object()) return nullptr;
    const auto found = value_->find(key);
    return found == value_->end() || found->is_null() ? nullptr : &*found;
}

std::string JsonReader::path_of(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
}

void JsonReader::complain(const std::string& path, const json& value,
                          std::string_view expected) const {
    if (!problem_->empty()) return;
    *problem_ = "`" + path + "` is of type " + value.type_name() + ", " + std::string(expected) +
                " was expected";
}

bool JsonReader::has(const std::string& key) const { return find(key) != nullptr; }

std::string JsonReader::text(const std::string& key) const {
    const json* value = find(key);
    if (value == nullptr) return {};
    if (value->is_string()) return value->get<std::string>();
    complain(path_of(key), *value, "a string");
    return {};
}

std::string JsonReader::text_or_number(const std::string& key) const {
    const json* value = find(key);
    if (value != nullptr && value->is_number()) return value->dump();
    return text(key);
}

std::string JsonReader::any_as_json(const std::string& key) const {
    const json* value = find(key);
    if (value == nullptr) {
        complain(path_of(key), nothing(), "a value");
        return {};
    }
    return base::dump_json(*value);
}

std::int64_t JsonReader::integer(const std::string& key) const {
    const json* value = find(key);
    if (value == nullptr) return 0;
    const auto number = whole_number(*value);
    if (!number) complain(path_of(key), *value, "an integer");
    return number.value_or(0);
}

double JsonReader::number(const std::string& key) const {
    const json* value = find(key);
    if (value == nullptr) return 0;
    if (value->is_number()) return value->get<double>();
    complain(path_of(key), *value, "a number");
    return 0;
}

bool JsonReader::boolean(const std::string& key) const {
    const json* value = find(key);
    if (value == nullptr) return false;
    if (value->is_boolean()) return value->get<bool>();
    complain(path_of(key), *value, "true or false");
    return false;
}

std::vector<std::string> JsonReader::texts(const std::string& key) const {
    std::vector<std::string> items;
    const JsonReader entries = list(key);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const json& entry = (*entries.value_)[i];
        if (entry.is_string() || entry.is_null()) {
            items.push_back(entry.is_null() ? std::string() : entry.get<std::string>());
        } else {
            complain(entries.path_ + "[" + std::to_string(i) + "]", entry, "a string");
        }
    }
    return items;
}

JsonReader JsonReader::object(const std::string& key) const {
    const json* value = find(key);
    if (value != nullptr && !value->is_object()) {
        complain(path_of(key), *value, "an object");
        value = nullptr;
    }
    return JsonReader(value != nullptr ? *value : nothing(), path_of(key), *problem_);
}

JsonReader JsonReader::list(const std::string& key) const {
    const json* value = find(key);
    if (value != nullptr && !value->is_array()) {
        complain(path_of(key), *value, "an array");
        value = nullptr;
    }
    return JsonReader(value != nullptr ? *value : nothing(), path_of(key), *problem_);
}

std::vector<std::string> JsonReader::keys() const {
    std::vector<std::string> names;
    if (!value_->is_object()) return names;
    for (const auto& [name, ignored] : value_->items()) names.push_back(name);
    return names;
}

std::size_t JsonReader::size() const { return value_->is_array() ? value_->size() : 0; }

JsonReader JsonReader::at(std::size_t index) const {
    const json& entry = (*value_)[index];
    const std::string path = path_ + "[" + std::to_string(index) + "]";
    if (entry.is_object()) return JsonReader(entry, path, *problem_);
    if (!entry.is_null()) complain(path, entry, "an object");
    return JsonReader(nothing(), path, *problem_);
}

}  // namespace protocol::gitlab
