#pragma once

#include <utility>

#include "runner/script/artifact_writer.hpp"
#include "runner/script/brought_sources_writer.hpp"
#include "runner/script/cache_writer.hpp"
#include "runner/script/cleanup_writer.hpp"
#include "runner/script/git_sources_writer.hpp"
#include "runner/script/remote_artifact_writer.hpp"
#include "runner/script/script_context.hpp"
#include "runner/script/step_writer.hpp"

namespace runner::script {

/// All writers of one job's scripts. The writers refer to `context`, so the object stays where it
/// was made. Life: see ScriptContext.
struct JobScripts {
    JobScripts(const protocol::gitlab::JobPayload& payload, const config::RunnerConfig& runner,
               BehaviourVariables& behaviour, ScriptSettings settings)
        : context(payload, runner, behaviour, std::move(settings)) {}
    JobScripts(const JobScripts&) = delete;
    JobScripts& operator=(const JobScripts&) = delete;

    ScriptContext context;
    StepWriter steps{context};
    GitSourcesWriter git_sources{context};
    /// In the place of git_sources when ScriptSettings::sources_by_daemon is set.
    BroughtSourcesWriter brought_sources{context};
    CacheWriter caches{context};
    ArtifactWriter artifacts{context};
    /// In the place of artifacts when ScriptSettings::by_driver is set.
    RemoteArtifactWriter remote_artifacts{context};
    CleanupWriter cleanup{context};
};

}  // namespace runner::script
