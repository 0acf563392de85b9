#pragma once

#include <optional>

#include "runner/config/schema.hpp"

/// The builders of the keys in the tables of the schema, and the setters that store values in the
/// configuration. Only schema_*.cpp include this.
namespace runner::config::schema {

template <typename T>
void assign(T& field, const Value& value) {
    field = std::get<T>(value);
}
inline void assign(int& field, const Value& value) {
    field = static_cast<int>(std::get<std::int64_t>(value));
}
inline void assign(base::Secret& field, const Value& value) {
    field = base::Secret(std::get<std::string>(value));
}
template <typename T>
void assign(std::optional<T>& field, const Value& value) {
    field = std::get<T>(value);
}

template <auto Member>
void global(Config& config, const Value& value) {
    assign(config.*Member, value);
}
template <auto Member>
void status(Config& config, const Value& value) {
    assign(config.status.*Member, value);
}
template <auto Member>
void session_server(Config& config, const Value& value) {
    assign(config.session_server.*Member, value);
}
template <auto Member>
void disk(Config& config, const Value& value) {
    assign(config.disk.*Member, value);
}
template <auto Member>
void runner(Config& config, const Value& value) {
    assign(config.runners.back().*Member, value);
}
template <auto Member>
void custom(Config& config, const Value& value) {
    assign(config.runners.back().custom.*Member, value);
}
template <auto Member>
void cache(Config& config, const Value& value) {
    assign(config.runners.back().cache.*Member, value);
}
template <auto Member>
void cache_s3(Config& config, const Value& value) {
    assign(config.runners.back().cache.s3.*Member, value);
}
template <auto Member>
void cache_gcs(Config& config, const Value& value) {
    assign(config.runners.back().cache.gcs.*Member, value);
}
template <auto Member>
void cache_azure(Config& config, const Value& value) {
    assign(config.runners.back().cache.azure.*Member, value);
}
template <auto Member>
void docker(Config& config, const Value& value) {
    assign(config.runners.back().docker.*Member, value);
}
template <auto Member>
void service(Config& config, const Value& value) {
    assign(config.runners.back().docker.services.back().*Member, value);
}
template <auto Member>
void dind(Config& config, const Value& value) {
    assign(config.runners.back().dind.*Member, value);
}
template <auto Member>
void registry(Config& config, const Value& value) {
    assign(config.runners.back().registries.back().*Member, value);
}
template <auto Member>
void queuing(Config& config, const Value& value) {
    assign(config.runners.back().queuing_durations.back().*Member, value);
}

/// A key that this runner uses.
constexpr Key key(std::string_view name, Type type, std::string_view fallback, Setter set,
                  std::string_view help) {
    return {.name = name,
            .type = type,
            .fallback = fallback,
            .set = set,
            .help = help,
            .choices = {},
            .flag = {},
            .env = {}};
}
/// An official key that this runner accepts and ignores; `why` is shown to the user.
constexpr Key ignored(std::string_view name, Type type, std::string_view fallback = "",
                      std::string_view why = "") {
    return {.name = name,
            .type = type,
            .fallback = fallback,
            .set = nullptr,
            .help = why,
            .choices = {},
            .flag = {},
            .env = {}};
}

}  // namespace runner::config::schema
