#pragma once

#include "runner/pipeline/yaml/value.hpp"

namespace runner::pipeline::keywords {

enum class JobKind {
    kHidden,   ///< its name begins with a dot
    kJob,      ///< it has a script
    kBridge,   ///< a trigger job
    kUnknown,  ///< no key says what it does
};

/// Whether a top-level entry is a job of any kind. Otherwise it is a global keyword.
bool is_job_entry(const yaml::Value& name, const yaml::Value& value);

/// The kind of a job, from its name and its keys.
JobKind kind_of(const yaml::Value& name, const yaml::Value& value);

/// Whether the keys of a value are those of a job, whatever its name is.
bool looks_like_job(const yaml::Value& value);

/// Whether the artifacts of the job are published as the GitLab Pages site.
bool is_pages_job(const yaml::Value& name, const yaml::Value& value);

}  // namespace runner::pipeline::keywords
