#include "runner/doctor/job_script.hpp"

#include <gmock/gmock.h>

namespace runner::doctor {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

JobScript script() {
    JobScript script;
    script.helper = "/.runner/bin/runner-helper";
    script.targets = {{.host = "git.example", .port = "443"}};
    script.repositories = {{"reg.example:5000", "team/doctor"}};
    script.mark = "doctor-12";
    script.engine_id = "ID-1";
    return script;
}

TEST(JobScript, LooksFromTheJobOnlyWithoutAnEngine) {
    const std::string text = job_script(script());
    EXPECT_THAT(text, HasSubstr("\"$probe\" 'probe' 'connect' '--place' 'job' '--host' "
                                "'git.example' '--port' '443' || true\n"));
    EXPECT_THAT(text, Not(HasSubstr("docker")));
}

TEST(JobScript, AsksOverTlsWithTheAuthorityOfTheJob) {
    JobScript tls = script();
    EXPECT_THAT(job_script(tls), Not(HasSubstr("curl")));
    tls.https_url = "https://git.example";
    EXPECT_THAT(job_script(tls),
                HasSubstr("--name 'tls' --limit-s 20 -- curl --silent --show-error --output "
                          "/dev/null --max-time 15 "
                          "${CI_SERVER_TLS_CA_FILE:+--cacert \"$CI_SERVER_TLS_CA_FILE\"} "
                          "'https://git.example' || true\n"));
}

TEST(JobScript, UsesAnEngineOnlyWhenItIsNotThatOfTheRunner) {
    JobScript with = script();
    with.engine = true;
    with.disk = false;
    const std::string text = job_script(with);
    EXPECT_THAT(text, Not(HasSubstr("probe disk --place job")));
    EXPECT_THAT(text, HasSubstr("engine=$(docker info --format '{{.ID}}' 2>/dev/null) || engine=\n"
                                "if [ -n \"$engine\" ] && [ \"$engine\" != 'ID-1' ]; then\n"));
    EXPECT_THAT(text, HasSubstr("docker push --quiet "
                                "'reg.example:5000/team/doctor:doctor-12-engine' || true\n"));
    EXPECT_THAT(text, Not(HasSubstr("buildx")));
}

TEST(JobScript, LooksAtProxiesFromEachPlaceAndAtTheDataOfTheEngine) {
    JobScript with = script();
    with.engine = true;
    with.builder = true;
    with.proxies = {{.host = "proxy", .port = "3128"}};
    const std::string text = job_script(with);
    EXPECT_THAT(text, HasSubstr("'connect' '--place' 'job' '--host' 'proxy' '--port' '3128'"));
    EXPECT_THAT(text, HasSubstr("docker run --rm runner-doctor:probes 'probe' 'connect' '--place' "
                                "'inner-engine' '--host' 'proxy' '--port' '3128' || true\n"));
    EXPECT_THAT(text, HasSubstr("\"--place\",\"builder\",\"--host\",\"proxy\",\"--port\""));
    EXPECT_THAT(text, HasSubstr("probe disk --place inner-engine "
                                "\"$(docker info --format '{{.DockerRootDir}}')\" || true\n"));
}

TEST(JobScript, BuildsWithTheBuilder) {
    JobScript with = script();
    with.engine = true;
    with.builder = true;
    const std::string text = job_script(with);
    EXPECT_THAT(text, HasSubstr("RUN [\"/runner-helper\",\"probe\",\"connect\",\"--place\","
                                "\"builder\",\"--host\",\"git.example\",\"--port\",\"443\"]\n"));
    EXPECT_THAT(text, HasSubstr("docker buildx build --quiet --push --tag "
                                "'reg.example:5000/team/doctor:doctor-12-builder'"));
    EXPECT_THAT(text, HasSubstr("printf 'FROM %s\\nCOPY Dockerfile /\\n' "
                                "'reg.example:5000/team/doctor:doctor-12-engine' "
                                ">\"$context/pull/Dockerfile\""));
    EXPECT_THAT(text, HasSubstr("--place builder --name 'pull reg.example:5000' --limit-s 60 -- "
                                "docker buildx build --quiet --pull --no-cache "));
}

}  // namespace
}  // namespace runner::doctor
