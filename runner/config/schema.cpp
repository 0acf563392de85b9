#include "runner/config/schema.hpp"

#include <algorithm>

#include "base/strings.hpp"

namespace runner::config {

namespace {

std::string parent_of(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? std::string() : std::string(path.substr(0, dot));
}

std::string_view last_part(std::string_view path) {
    const auto dot = path.rfind('.');
    return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

std::string kebab(std::string_view name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        const bool upper = c >= 'A' && c <= 'Z';
        const bool after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
        if (upper && after_lower) out += '-';
        if (c == '_')
            out += '-';
        else
            out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

std::string upper_snake(std::string_view name) {
    std::string out = kebab(name);
    for (char& c : out) {
        if (c == '-')
            c = '_';
        else if (c >= 'a' && c <= 'z')
            c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

}  // namespace

std::span<const Section> sections() {
    static const std::vector<Section> all = [] {
        std::vector<Section> together;
        for (const auto part :
             {schema::top_sections(), schema::runner_sections(), schema::cache_sections(),
              schema::docker_sections(), schema::custom_sections(),
              schema::unsupported_executor_sections()}) {
            together.insert(together.end(), part.begin(), part.end());
        }
        return together;
    }();
    return all;
}

const Section* find_section(std::string_view path) {
    for (const auto& section : sections()) {
        if (section.path == path) return &section;
    }
    return nullptr;
}

const Key* find_key(const Section& section, std::string_view name) {
    for (const auto& key : section.keys) {
        if (key.name == name) return &key;
    }
    for (const auto& key : section.keys) {
        if (base::iequals(key.name, name)) return &key;
    }
    return nullptr;
}

const Section* find_child(const Section& section, std::string_view name) {
    for (const auto& child : sections()) {
        if (child.path.empty() || parent_of(child.path) != section.path) continue;
        if (base::iequals(last_part(child.path), name)) return &child;
    }
    return nullptr;
}

std::string full_path(const Section& section, const Key& key) {
    if (section.path.empty()) return std::string(key.name);
    return std::string(section.path) + "." + std::string(key.name);
}

std::vector<std::string> flag_names(const Section& section, const Key& key) {
    if (key.flag == "-" || section.repeated != (section.path == "runners")) return {};
    if (!key.flag.empty()) return base::split(key.flag, ',');
    if (section.flag_prefix == "-") return {};
    return {std::string(section.flag_prefix) + kebab(key.name)};
}

std::string env_name(const Section& section, const Key& key) {
    if (key.env == "-" || flag_names(section, key).empty()) return "";
    if (!key.env.empty()) return std::string(key.env);
    if (section.env_prefix == "-") return "";
    return std::string(section.env_prefix) + upper_snake(key.name);
}

std::string_view expectation(Type type) {
    switch (type) {
        case Type::kString: return "a string";
        case Type::kInt:
        case Type::kInt64: return "an integer";
        case Type::kFloat: return "a number";
        case Type::kBool: return "true or false";
        case Type::kDuration: return "a duration such as \"1h30m\" (or integer nanoseconds)";
        case Type::kDatetime: return "a date such as 2026-01-31T12:00:00Z";
        case Type::kMemory: return "a size such as \"512m\" or \"2g\"";
        case Type::kCpus: return "a number of processors in quotes, such as \"1.5\"";
        case Type::kAutoOrCount: return "\"auto\" or a number such as 2";
        case Type::kStrings: return "an array of strings";
        case Type::kStringOrStrings: return "a string or an array of strings";
        case Type::kStringMap: return "a table of strings";
        case Type::kBoolMap: return "a table of true/false values";
        case Type::kStringsMap: return "a table of arrays of strings";
        case Type::kAny: return "any value";
    }
    return "a value";
}

}  // namespace runner::config
