#include "runner/local/artifact_includes.hpp"

#include <algorithm>

namespace runner::local {

using pipeline::yaml::Value;

namespace {

bool is_artifact(const Value& entry) { return entry.given("artifact") != nullptr; }

ArtifactInclude read(const Value& entry) {
    const Value* job = entry.given("job");
    return {job == nullptr ? std::string() : job->to_text(), entry.given("artifact")->to_text()};
}

Value replaced(const Value& entry) {
    if (!is_artifact(entry)) return entry;
    pipeline::yaml::Map map;
    for (const auto& [key, value] : entry.entries()) {
        if (key.is_text("job")) continue;
        const bool file = key.is_text("artifact");
        map.set(file ? Value::string("local", key.mark()) : key,
                file ? Value::string(local_path(read(entry)), value.mark()) : value);
    }
    return Value::map(std::move(map), entry.mark());
}

}  // namespace

pipeline::include::Fetched ArtifactSource::local(const pipeline::include::Origin& origin,
                                                 const std::string& path) {
    const auto file = files_.find(path);
    if (file == files_.end()) return next_.local(origin, path);
    pipeline::include::Fetched fetched;
    fetched.content = file->second;
    return fetched;
}

std::vector<ArtifactInclude> artifact_includes(const Value& include) {
    std::vector<ArtifactInclude> found;
    if (include.is_list()) {
        for (const Value& entry : include.items()) {
            if (is_artifact(entry)) found.push_back(read(entry));
        }
    } else if (is_artifact(include)) {
        found.push_back(read(include));
    }
    return found;
}

std::string local_path(const ArtifactInclude& include) {
    std::string job = include.job;
    std::replace(job.begin(), job.end(), '/', '-');
    return ".artifacts of " + job + "/" + include.path;
}

Value with_local_paths(const Value& include) {
    if (!include.is_list()) return replaced(include);
    pipeline::yaml::List entries;
    for (const Value& entry : include.items()) entries.push_back(replaced(entry));
    return Value::list(std::move(entries), include.mark());
}

}  // namespace runner::local
