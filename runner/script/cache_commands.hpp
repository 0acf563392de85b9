#pragma once

#include <string>
#include <string_view>

#include "protocol/gitlab/payload.hpp"
#include "runner/script/cache_links.hpp"
#include "runner/script/script_context.hpp"

/// The commands that restore and save one cache: of runner-helper, or of a runner's program that
/// is where the script runs (ScriptSettings::by_driver). Pure. A command may follow "if"; nothing
/// may follow on its last line. `detailed`: runner-helper tells by its exit code what it has done.
namespace runner::script {

/// `link`: of the object, for a driver's environment; null when there is none.
std::string cache_restore_command(const ScriptContext& context, const std::string& file,
                                  const CacheLink* link = nullptr);
std::string cache_save_command(const ScriptContext& context, const protocol::gitlab::Cache& cache,
                               const std::string& file, std::string_view format, bool detailed);
/// The program reads format and level from the job's variables.
std::string driver_save_command(const ScriptContext& context, const protocol::gitlab::Cache& cache,
                                const std::string& file, const CacheLink* link);

}  // namespace runner::script
