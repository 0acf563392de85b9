#include "tests/unit/runner/script/written_scripts.hpp"

#include "base/version.hpp"
#include "protocol/gitlab/runner_info.hpp"
#include "runner/script/job_scripts.hpp"

namespace tests {

namespace {

using runner::script::BehaviourVariables;
using runner::script::JobScripts;

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

class Listing {
  public:
    void add(const std::string& name, const std::string& script) {
        text_ += "==== " + name + "\n" + script;
        if (!script.ends_with('\n')) text_ += '\n';
    }
    void add(const std::string& name, const base::Result<std::string>& script) {
        add(name, script ? *script : "error: " + script.error().message);
    }
    [[nodiscard]] std::string text() const {
        std::string text = text_;
        const std::string version(base::compatible_version());
        const std::string architecture = protocol::gitlab::architecture();
        replace_all(text, "gitlab-runner " + version + " linux/" + architecture, "<user agent>");
        replace_all(text, "\x1b", "<ESC>");
        return text;
    }

  private:
    std::string text_;
};

void add_brought_sources(Listing& listing, const JobScripts& scripts) {
    const auto parts = scripts.brought_sources.parts();
    if (!parts) return listing.add("brought sources", "error: " + parts.error().message);
    listing.add("brought sources: before", parts->before);
    listing.add("brought sources: after", parts->after);
}

}  // namespace

std::string written_scripts(ScriptJob job) {
    const auto variables = job.variables();
    runner::script::TextExpander texts(variables);
    runner::script::expand_texts(job.payload, texts);
    BehaviourVariables behaviour(variables);
    const JobScripts scripts(job.payload, job.runner, behaviour, job.settings);
    Listing listing;
    listing.add("prepare", scripts.steps.prepare());
    listing.add("get sources", scripts.git_sources.get_sources());
    if (scripts.git_sources.brings_sources()) add_brought_sources(listing, scripts);
    listing.add("clear worktree", scripts.git_sources.clear_worktree());
    listing.add("restore cache", scripts.caches.restore());
    listing.add("extract dependency", scripts.artifacts.extract_dependency(12));
    for (const auto& step : job.payload.steps) {
        listing.add("step " + step.name, step.name == "after_script"
                                             ? scripts.steps.after_script(step)
                                             : scripts.steps.step(step));
    }
    listing.add("archive cache, success", scripts.caches.archive(true));
    listing.add("archive cache, failure", scripts.caches.archive(false));
    for (std::size_t i = 0; i < job.payload.artifacts.size(); ++i) {
        listing.add("pack artifact " + std::to_string(i),
                    scripts.artifacts.pack(job.payload.artifacts[i], i));
    }
    listing.add("cleanup", scripts.cleanup.script());
    listing.add("paths",
                scripts.artifacts.package_path(3) + "\n" + scripts.artifacts.dependency_path(12));
    std::string warnings;
    for (const std::string& warning : behaviour.take_warnings()) warnings += warning + "\n";
    listing.add("warnings", warnings);
    return listing.text();
}

}  // namespace tests
