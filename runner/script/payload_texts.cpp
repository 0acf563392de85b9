#include "runner/script/payload_texts.hpp"

#include <string>
#include <vector>

namespace runner::script {

namespace {

void check_all(TextExpander& texts, std::string_view field,
               const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) texts.check(field, pattern);
}

}  // namespace

void expand_texts(protocol::gitlab::JobPayload& payload, TextExpander& texts) {
    for (auto& cache : payload.cache) {
        cache.key = texts.expand_name("cache:key", cache.key);
        cache.policy = texts.expand_name("cache:policy", cache.policy);
        for (auto& key : cache.fallback_keys) key = texts.expand_name("cache:fallback_keys", key);
        check_all(texts, "cache:paths", cache.paths);
    }
    for (const auto& artifact : payload.artifacts) {
        texts.check("artifacts:name", artifact.name);
        check_all(texts, "artifacts:paths", artifact.paths);
        check_all(texts, "artifacts:exclude", artifact.exclude);
    }
    for (auto& step : payload.steps) {
        if (step.name != "release") continue;
        for (auto& line : step.script) line = texts.expand("release", line);
    }
}

}  // namespace runner::script
