#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runner/config/config.hpp"

/// The one table of all keys of config.toml: official ones, ours, and official ones that have no
/// effect here. Loading, the check for unknown keys, `register`'s flags and the documentation come
/// from it.
namespace runner::config {

enum class Type {
    kString,
    kInt,  ///< 32 bits
    kInt64,
    kFloat,
    kBool,
    kDuration,  ///< Go's notation, or integer nanoseconds
    kDatetime,
    kMemory,       ///< "512m": bytes
    kCpus,         ///< "1.5": billionths of a processor
    kAutoOrCount,  ///< "auto" (-1) or an integer
    kStrings,
    kStringOrStrings,
    kStringMap,
    kBoolMap,
    kStringsMap,  ///< table of arrays
    kAny,         ///< any value or table; for ignored keys
};

/// A value of the type of its key. kMemory, kCpus and kAutoOrCount give integers, kStringOrStrings
/// gives a vector.
using Value =
    std::variant<std::string, std::int64_t, double, bool, std::chrono::nanoseconds,
                 std::vector<std::string>, std::map<std::string, std::string>,
                 std::map<std::string, bool>, std::map<std::string, std::vector<std::string>>>;

/// Stores a value in the configuration, or in the runner, service or registry that was added last.
using Setter = void (*)(Config&, const Value&);

struct Key {
    std::string_view name;
    Type type = Type::kString;
    std::string_view fallback;  ///< the default as written in TOML, "" for none
    Setter set = nullptr;       ///< null: accepted and ignored
    std::string_view help;      ///< what it means; for a key without effect, why it has none
    std::string_view choices;   ///< "a|b|c": the allowed strings, "" for any
    /// The flag of `register`, without dashes, or two names as "a,b". "": the name follows from the
    /// key's; "-": there is no flag.
    std::string_view flag;
    std::string_view env;  ///< its environment variable; "" and "-" as for `flag`

    [[nodiscard]] constexpr Key with_flag(std::string_view f, std::string_view e) const {
        Key key = *this;
        key.flag = f;
        key.env = e;
        return key;
    }
    [[nodiscard]] constexpr Key one_of(std::string_view c) const {
        Key key = *this;
        key.choices = c;
        return key;
    }
};

/// A kind of table and the keys that it may have.
struct Section {
    std::string_view path;  ///< "" for the top, "runners.docker.services"
    std::span<const Key> keys;
    bool repeated = false;         ///< [[path]]
    std::string_view no_effect;    ///< why the whole table is ignored, "" when it is not
    std::string_view flag_prefix;  ///< "docker-"; "-": its keys have no flags
    std::string_view env_prefix;
};

/// In the order in which `register` writes them.
std::span<const Section> sections();
const Section* find_section(std::string_view path);
/// The key of a section. As in the official program, a key that differs only in case is found when
/// no key matches exactly.
const Key* find_key(const Section& section, std::string_view name);
/// The section `name` directly below `section`, by the same rule.
const Section* find_child(const Section& section, std::string_view name);

/// "runners.docker.image" for a section's key.
std::string full_path(const Section& section, const Key& key);
/// Names of the flag with which `register` takes the key, without dashes; empty when it has none.
std::vector<std::string> flag_names(const Section& section, const Key& key);
/// The environment variable of the key, "" for none.
std::string env_name(const Section& section, const Key& key);

/// "a string", "an integer", …: the type of a key, for messages.
std::string_view expectation(Type type);

namespace schema {
/// The sections of the file, one function for each schema_*.cpp.
std::span<const Section> top_sections();
std::span<const Section> runner_sections();
std::span<const Section> cache_sections();
std::span<const Section> docker_sections();
std::span<const Section> custom_sections();
std::span<const Section> unsupported_executor_sections();
}  // namespace schema

}  // namespace runner::config
