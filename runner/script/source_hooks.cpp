#include "runner/script/source_hooks.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace runner::script {

namespace {

struct HookNames {
    std::string_view hook;     ///< in the payload
    std::string_view section;  ///< in the log
};

}  // namespace

void write_source_hook(ShellWriter& writer, const ScriptContext& context, SourceHook hook) {
    const bool before = hook == SourceHook::kPreGetSources;
    const HookNames names = before ? HookNames{"pre_get_sources_script", "pre_clone_script"}
                                   : HookNames{"post_get_sources_script", "post_clone_script"};
    const auto& runner = context.runner();
    const std::string& configured =
        before ? runner.pre_get_sources_script : runner.post_get_sources_script;
    std::vector<std::vector<std::string>> scripts;
    if (!configured.empty()) scripts.push_back({configured});
    for (const auto& entry : context.payload().hooks) {
        if (entry.name != names.hook) continue;
        scripts.insert(before ? scripts.end() : scripts.begin(), entry.script);
    }
    for (const auto& script : scripts) context.write_commands(writer, script, names.section);
}

}  // namespace runner::script
