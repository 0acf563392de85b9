#include "runner/doctor/job_script.hpp"

#include <fmt/format.h>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace runner::doctor {

namespace {

using base::shell_quote;

/// An image without layers' content; importing it needs no registry.
constexpr const char* kTiny = "runner-doctor:tiny";
/// runner-helper alone.
constexpr const char* kProbes = "runner-doctor:probes";

std::string engine_tag(const std::string& mark) { return mark + "-engine"; }
std::string builder_tag(const std::string& mark) { return mark + "-builder"; }

std::vector<std::string> connect_words(const Target& target, Place place) {
    return {"probe",  "connect",   "--place", std::string(to_string(place)),
            "--host", target.host, "--port",  target.port};
}

/// The ways to look at from each place: the one to GitLab first.
std::vector<Target> ways_of(const JobScript& script) {
    auto ways = script.targets;
    ways.insert(ways.end(), script.proxies.begin(), script.proxies.end());
    return ways;
}

std::string quoted(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words) line += " " + shell_quote(word);
    return line;
}

std::string in_job(const std::vector<std::string>& words) {
    return "\"$probe\"" + quoted(words) + " || true\n";
}

/// A probe of a program's end.
std::string command(Place place, const std::string& name, int seconds, const std::string& line) {
    return fmt::format("\"$probe\" probe command --place {} --name {} --limit-s {} -- {} || true\n",
                       to_string(place), shell_quote(name), seconds, line);
}

std::string probes_of_job(const JobScript& script) {
    std::string text;
    for (const auto& way : ways_of(script)) text += in_job(connect_words(way, Place::kJob));
    // With the authority that git in jobs trusts (CI_SERVER_TLS_CA_FILE). curl has an exit code for
    // each kind of failure; git has none.
    if (!script.https_url.empty()) {
        text += command(Place::kJob, kTls, 20,
                        "curl --silent --show-error --output /dev/null --max-time 15 "
                        "${CI_SERVER_TLS_CA_FILE:+--cacert \"$CI_SERVER_TLS_CA_FILE\"} " +
                            shell_quote(script.https_url));
    }
    for (const char* name : {"rights", "cgroups", "platforms"})
        text += in_job({"probe", name, "--place", "job"});
    if (script.disk) text += "\"$probe\" probe disk --place job \"$CI_PROJECT_DIR\" || true\n";
    return text;
}

std::string probes_of_engine(const JobScript& script) {
    std::string text =
        command(Place::kInnerEngine, "engine", 30, "docker info --format '{{json .}}'");
    text +=
        "\"$probe\" probe disk --place inner-engine "
        "\"$(docker info --format '{{.DockerRootDir}}')\" || true\n";
    text += fmt::format(
        "\"$probe\" probe archive | docker import --change 'ENTRYPOINT [\"/runner-helper\"]' - {} "
        ">/dev/null || true\n"
        "head -c 1024 /dev/zero | docker import - {} >/dev/null || true\n",
        kProbes, kTiny);
    for (const auto& way : ways_of(script))
        text += fmt::format("docker run --rm {}{} || true\n", kProbes,
                            quoted(connect_words(way, Place::kInnerEngine)));
    for (const auto& repository : script.repositories) {
        const std::string image = shell_quote(
            fmt::format("{}/{}:{}", repository.registry, repository.name, engine_tag(script.mark)));
        text += fmt::format("docker tag {} {} || true\n", kTiny, image);
        text += command(Place::kInnerEngine, push_name(repository.registry), 60,
                        "docker push --quiet " + image);
        text += fmt::format("docker rmi {} >/dev/null || true\n", image);
        text += command(Place::kInnerEngine, pull_name(repository.registry), 60,
                        "docker pull --quiet " + image);
    }
    return text;
}

std::string dockerfile(const JobScript& script) {
    std::string text = "FROM scratch\nCOPY runner-helper /runner-helper\n";
    for (const auto& way : ways_of(script)) {
        nlohmann::json words = connect_words(way, Place::kBuilder);
        words.insert(words.begin(), "/runner-helper");
        text += "RUN " + base::dump_json(words) + "\n";
    }
    return text;
}

/// A build on top of the image that the engine has pushed: the builder has nothing of it yet. The
/// file that is added makes it fetch the layers, and not only the manifest.
std::string pull_by_builder(const JobScript::Repository& repository, const std::string& mark) {
    const std::string image =
        fmt::format("{}/{}:{}", repository.registry, repository.name, engine_tag(mark));
    return fmt::format(
               "mkdir -p \"$context/pull\" && printf 'FROM %s\\nCOPY Dockerfile /\\n' {} "
               ">\"$context/pull/Dockerfile\" || true\n",
               shell_quote(image)) +
           command(Place::kBuilder, pull_name(repository.registry), 60,
                   "docker buildx build --quiet --pull --no-cache \"$context/pull\"");
}

std::string probes_of_builder(const JobScript& script) {
    std::string text =
        command(Place::kBuilder, "builder", 120, "docker buildx inspect --bootstrap");
    text +=
        "context=$(mktemp -d) && mkdir \"$context/tiny\" && cp \"$probe\" "
        "\"$context/runner-helper\" || true\n";
    text += "printf '%s' " + shell_quote(dockerfile(script)) + " >\"$context/Dockerfile\"\n";
    text += "printf 'FROM scratch\\nCOPY Dockerfile /\\n' >\"$context/tiny/Dockerfile\"\n";
    text += "docker buildx build --progress plain --no-cache \"$context\" 2>&1 || true\n";
    for (const auto& repository : script.repositories) {
        const std::string image = shell_quote(fmt::format(
            "{}/{}:{}", repository.registry, repository.name, builder_tag(script.mark)));
        text += command(Place::kBuilder, push_name(repository.registry), 60,
                        fmt::format("docker buildx build --quiet --push --tag {} "
                                    "\"$context/tiny\"",
                                    image));
        text += pull_by_builder(repository, script.mark);
    }
    return text;
}

}  // namespace

std::string push_name(const std::string& registry) { return "push " + registry; }
std::string pull_name(const std::string& registry) { return "pull " + registry; }

std::vector<std::string> pushed_tags(const std::string& mark) {
    return {engine_tag(mark), builder_tag(mark)};
}

std::string job_script(const JobScript& script) {
    std::string text = "probe=" + shell_quote(script.helper) + "\n" + probes_of_job(script);
    if (!script.engine) return text;
    text += command(Place::kInnerEngine, kClient, 30, "docker --version");
    text += fmt::format(
        "engine=$(docker info --format '{{{{.ID}}}}' 2>/dev/null) || engine=\n"
        "if [ -n \"$engine\" ] && [ \"$engine\" != {} ]; then\n",
        shell_quote(script.engine_id));
    text += probes_of_engine(script);
    if (script.builder) text += probes_of_builder(script);
    return text + "fi\n";
}

}  // namespace runner::doctor
