#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "runner/config/config.hpp"
#include "runner/config/inspect.hpp"
#include "tests/unit/runner/config/load_config.hpp"

namespace {

using namespace runner::config;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using tests::LoadConfig;

TEST_F(LoadConfig, NamesUnknownKeysWithLineAndSuggestion) {
    const auto config = load("concurent = 3\n" + entry("  privileged = true\n  zzz = 1\n",
                                                       "    volums = [\"/cache\"]\n"));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->concurrent, 1);
    const std::string file = path_.string();
    EXPECT_THAT(
        config->warnings,
        ElementsAre(
            file + ":1:1: unknown key \"concurent\" in the top of the file is ignored; did you "
                   "mean \"concurrent\"?",
            file + ":7:3: unknown key \"privileged\" in [[runners]] is ignored; it belongs in "
                   "[runners.docker]",
            file + ":8:3: unknown key \"zzz\" in [[runners]] is ignored",
            file + ":11:5: unknown key \"volums\" in [runners.docker] is ignored; did you mean "
                   "\"volumes\"?"));
}

TEST_F(LoadConfig, RefusesMarksOfADiskThatMakeNoSense) {
    struct Case {
        const char* key;
        const char* why;
    };
    const Case cases[] = {
        {"collect_below = \"much\"", "disk.collect_below: expected a part, a size or both"},
        {"collect_below = \"\"", "expected a part, a size or both"},
        {"collect_until = \"120%\"", "disk.collect_until: expected"},
        {"pause_below = \"5%, 6%\"", "disk.pause_below: expected"},
        {"pause_below = \"-1\"", "disk.pause_below: expected"},
        {"pause_below = \"nan%\"", "disk.pause_below: expected"},
        {"pause_below = \"nanGB\"", "disk.pause_below: expected"},
        {"pause_below_inodes = \"5GB\"", "disk.pause_below_inodes: expected a part, a number"},
        {"collect_below = \"30%\"", "disk.collect_until = \"20%, 75GB\" is less than"},
        {"collect_until = \"0\"", "is less than collect_below"},
        {"pause_below = \"25%, 80GB\"", "disk.pause_below = \"25%, 80GB\" is more than"},
        {"collect_below = 15", "a string"},
    };
    for (const Case& c : cases) {
        const auto config = load(std::string("[disk]\n") + c.key + "\n");
        ASSERT_FALSE(config) << c.key;
        EXPECT_THAT(config.error().message, HasSubstr(c.why)) << c.key;
        EXPECT_THAT(config.error().message, HasSubstr(path_.string() + ":")) << c.key;
    }
}

TEST_F(LoadConfig, WarnsOfMarksOfADiskThatHardlyMakeSense) {
    const auto config = load(
        "[disk]\ncollect_below = \"10%\"\npause_below = \"15%\"\n"
        "collect_until_inodes = \"100%\"\npause_below_inodes = \"84%\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings,
                ElementsAre(HasSubstr("disk.pause_below is more than collect_below"),
                            HasSubstr("disk.pause_below_inodes: jobs are taken again"),
                            HasSubstr("disk.pause_below_inodes is more than")));
    const auto usual = load("[disk]\npause_below = \"15%, 50GB\"\n");
    ASSERT_TRUE(usual) << usual.error().message;
    EXPECT_THAT(usual->warnings, IsEmpty());
}

TEST_F(LoadConfig, ReadsMarksOfADisk) {
    const auto config = load(
        "[disk]\ncollect_below = \"0\"\npause_below = \"2 GiB\"\n"
        "collect_below_inodes = \"8%, 1000\"\n");
    ASSERT_TRUE(config) << config.error().message;
    const auto space = config->disk.space();
    ASSERT_TRUE(space);
    EXPECT_EQ(space->collect_below.of(1000), 0U);
    EXPECT_EQ(space->pause_below.of(1), 2ULL << 30U);
    const auto inodes = config->disk.inodes();
    EXPECT_EQ(inodes->collect_below.of(100), 8U);
    EXPECT_EQ(inodes->collect_below.of(1'000'000), 1000U);
}

TEST_F(LoadConfig, EnvironmentsAheadAreANumberOrAuto) {
    const struct {
        const char* text;
        int warm;
    } good[] = {{"warm = \"auto\"\n", -1}, {"warm = 3\n", 3}, {"warm = 0\n", 0}};
    for (const auto& row : good) {
        const auto config = load(entry("", row.text));
        ASSERT_TRUE(config) << row.text;
        EXPECT_EQ(config->runners[0].docker.warm, row.warm) << row.text;
        EXPECT_EQ(config->runners[0].docker.warm_memory_bytes, 1LL << 30);
        EXPECT_EQ(config->runners[0].problem, "") << row.text;
    }
    const std::string expected = "expected \"auto\" or a number such as 2";
    for (const char* text : {"warm = \"two\"\n", "warm = -1\n", "warm = 1001\n", "warm = true\n"})
        EXPECT_THAT(failure(entry("", text)), HasSubstr(expected)) << text;
    EXPECT_THAT(failure(entry("", "warm_memory = \"-1\"\n")), HasSubstr("warm_memory"));
    EXPECT_THAT(failure(entry("", "warm_memory = \"much\"\n")), HasSubstr("\"512m\""));
}

TEST_F(LoadConfig, SaysWhereAMisplacedTableOrKeyBelongs) {
    struct Case {
        const char* text;
        const char* hint;
    };
    const Case cases[] = {
        {"[docker]\nimage = \"a\"\n",
         ":1:2: unknown key \"docker\" in the top of the file is ignored; write it as "
         "[runners.docker] below the [[runners]] entry that it is for"},
        {"[Docker]\n", "write it as [runners.docker] below the [[runners]] entry"},
        {"[cache]\n", "write it as [runners.cache] below the [[runners]] entry"},
        {"[dind]\n", "write it as [runners.dind] below the [[runners]] entry"},
        {"[[registry]]\n", "write it as [[runners.registry]] below the [[runners]] entry"},
        {"[[services]]\n", "write it as [[runners.docker.services]] below the [[runners]] entry"},
        {"privileged = true\n", "it belongs in [runners.docker]"},
        {"executor = \"shell\"\n", "it belongs in [[runners]]"},
        {"url = \"https://gitlab.example.com\"\n", "it belongs in [[runners]]"},
        {"[[runners]]\nconcurrent = 2\n", "it belongs in the top of the file"},
        {"[[runners]]\n[runners.docker.dind]\n", "write it as [runners.dind] below"},
    };
    for (const Case& c : cases) {
        const auto config = load(c.text);
        ASSERT_TRUE(config) << c.text;
        EXPECT_THAT(config->warnings, Contains(HasSubstr(c.hint))) << c.text;
    }
}

TEST_F(LoadConfig, NamesTheElementOfEnvironmentThatIsNoVariable) {
    const auto config =
        load(entry("  environment = [\"A=b\", \"HTTP_PROXY\", \"glpat-secret\",\n    \"=x\", "
                   "\"password\"]\n"));
    ASSERT_TRUE(config);
    const std::string end = " is not of the form NAME=VALUE and is skipped";
    EXPECT_THAT(config->warnings,
                ElementsAre(path_.string() + ":6:25: runners.environment: element 2" + end,
                            path_.string() + ":6:39: runners.environment: element 3" + end,
                            path_.string() + ":7:5: runners.environment: element 4" + end,
                            path_.string() + ":7:11: runners.environment: element 5" + end));
}

TEST_F(LoadConfig, NamesUnknownTables) {
    const auto config = load(entry("", "[runners.dnd]\nmode = \"on\"\n"));
    ASSERT_TRUE(config);
    EXPECT_THAT(config->warnings,
                Contains(HasSubstr(
                    "unknown key \"dnd\" in [[runners]] is ignored; did you mean \"dind\"?")));
}

TEST_F(LoadConfig, OnlyUnknownKeysAndTablesHaveTheKindUnknownKey) {
    std::ofstream(path_) << "concurent = 3\nsentry_dsn = \"https://x\"\n" +
                                entry("", "    dns = [\"here\"]\n[runners.dnd]\n");
    const auto inspection = inspect_file(path_);
    ASSERT_TRUE(inspection);
    std::vector<int> unknown;
    std::vector<int> other;
    for (const auto& finding : inspection->findings) {
        auto& lines = finding.kind == Finding::Kind::kUnknownKey ? unknown : other;
        lines.push_back(finding.position.line);
    }
    EXPECT_THAT(unknown, ElementsAre(1, 11));
    EXPECT_THAT(other, ElementsAre(2, 10));
}

TEST_F(LoadConfig, NotesKeysWithoutEffect) {
    const auto config =
        load("sentry_dsn = \"https://x\"\n[experimental.usage_logger]\nenabled = true\n" +
             entry("",
                   "    helper_image = \"x\"\n  [runners.cache]\n    Type = \"s3\"\n    "
                   "[runners.cache.s3]\n"
                   "      BucketName = \"\"\n  [runners.kubernetes]\n    namespace = \"ci\"\n    "
                   "nmespace = 1\n"));
    ASSERT_TRUE(config);
    EXPECT_EQ(config->warnings.size(), 6U);
    EXPECT_THAT(config->warnings, Contains(HasSubstr(":1:1: sentry_dsn has no effect")));
    EXPECT_THAT(config->warnings,
                Contains(HasSubstr(":2:1: [experimental.usage_logger] has no effect")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("runners.docker.helper_image has no effect")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("runners.cache.s3 has no BucketName")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("[runners.kubernetes] has no effect")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("did you mean \"namespace\"?")));
}

TEST_F(LoadConfig, ReportsAWrongTypeWithPlaceAndKey) {
    EXPECT_EQ(failure("concurrent = \"4\"\n"),
              path_.string() + ":1:14: concurrent: expected an integer, got a string");
    EXPECT_THAT(failure(entry("  limit = true\n", "    image = 5\n    volumes = [\"a\", 1]\n")),
                HasSubstr("cannot redefine"));
    EXPECT_EQ(failure(entry("  limit = true\n", "    volumes = [\"a\", 1]\n    memory = 512\n")),
              path_.string() + ":6:11: runners.limit: expected an integer, got a boolean (true)\n" +
                  path_.string() +
                  ":9:15: runners.docker.volumes: expected an array of strings, but element 2 is "
                  "an integer\n" +
                  path_.string() +
                  ":10:14: runners.docker.memory: expected a size such as \"512m\" or \"2g\", got "
                  "an integer (512)");
    EXPECT_THAT(failure("runners = 3\n"),
                HasSubstr(":1:1: runners: expected tables ([[runners]]), got an integer"));
    EXPECT_THAT(failure("[runners]\nname = \"a\"\n"),
                HasSubstr("expected tables ([[runners]]), got a table"));
    EXPECT_THAT(failure(entry("  docker = 3\n").substr(0, 110)),
                HasSubstr("expected a table ([runners.docker]), got an integer"));
}

TEST_F(LoadConfig, RefusesInvalidValues) {
    const auto says = [&](const std::string& more, const std::string& docker,
                          const std::string& expected) {
        EXPECT_THAT(failure(entry(more, docker)), HasSubstr(expected));
    };
    says("", "    pull_policy = \"allways\"\n", "did you mean \"always\"?");
    says("", "  [runners.dind]\n    mode = \"onn\"\n",
         "\"onn\" is not one of auto, on, off; did you mean \"on\"?");
    says("", "  [runners.dind]\n    mtu = 20\n", "20 is not a packet size");
    says("", "  [[runners.registry]]\n    http = true\n", "host is missing");
    const auto registry = [&](const std::string& host, const std::string& expected) {
        says("", "  [[runners.registry]]\n    host = \"" + host + "\"\n", expected);
    };
    for (const char* host : {"http://r", "r/x", "r s", " r", "[::1", "[r]:5000", ":5000"}) {
        registry(host, "\" must be a name and a port only");
    }
    for (const char* host : {"r:99999", "r:0", "r:-1", "r:", "r:http", "r:50:00", "[::1]:65536"}) {
        registry(host, "\" must have a port from 1 to 65535 or none");
    }
    says("", "  [[runners.registry]]\n    host = \"r\"\n    mirror_of = \"r:99999\"\n",
         "mirror_of \"r:99999\" must have a port");
    says("", "  [[runners.registry]]\n    host = \"r\"\n    address = \"r2\"\n",
         "\"r2\" is not an IP address");
    says("", "  [[runners.registry]]\n    host = \"r\"\n    http = true\n    insecure = true\n",
         "means no TLS");
    says("", "  [[runners.registry]]\n    host = \"r\"\n    username = \"u\"\n", "belong together");
    says("", "    [runners.docker.log_options]\n      tag = \"x\"\n",
         "only env and labels are allowed");
    says("  unhealthy_interval = \"soon\"\n", "", "expected a duration");
    says("  tls-cert-file = \"/x\"\n", "", "belong together");
    says("  labels = { ab = \"x\" }\n", "", "label \"ab\" is not allowed");
    EXPECT_THAT(failure("log_level = \"loud\"\n"), HasSubstr("\"loud\" is not one of debug, info"));
}

TEST_F(LoadConfig, WarnsOfSettingsThatCannotWork) {
    const auto config =
        load("[[runners]]\nname = \"r\"\nurl = \"https://g/ci\"\nexecutor = \"dokcer\"\n" +
             entry("", "    dns = [\"one.one\"]\n") + entry());
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(config->warnings, Contains(HasSubstr("runner \"r\" has no token and is skipped")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("ends in /ci")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("did you mean \"docker\"?")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("\"one.one\" is not an IP address")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("has the token of another entry")));
}

TEST_F(LoadConfig, OneEntryThatCannotWorkDoesNotStopTheOthers) {
    const auto config = load(
        "[[runners]]\nname = \"a\"\nurl = \"\"\n[[runners]]\nname = \"b\"\nurl = \"git.example\"\n"
        "[[runners]]\nname = \"c\"\nurl = \"https://\"\nshell = \"zsh\"\n" +
        entry());
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->runners.size(), 4U);
    EXPECT_THAT(config->warnings, Contains(HasSubstr("runner \"a\" has no url and is skipped")));
    EXPECT_THAT(config->warnings,
                Contains(HasSubstr("its url must begin with http:// or https://")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("its url names no host")));
    EXPECT_THAT(config->warnings, Contains(HasSubstr("asks for shell \"zsh\"")));
}

TEST_F(LoadConfig, AnErrorInOneEntryIsTheProblemOfThatEntry) {
    const std::string good = entry();
    const auto config = load(entry("  limit = true\n  labels = { ab = \"x\" }\n") + good +
                             entry("", "    memory = \"much\"\n"));
    ASSERT_TRUE(config) << config.error().message;
    ASSERT_EQ(config->runners.size(), 3U);
    EXPECT_THAT(config->runners[0].problem, HasSubstr(":6:11: runners.limit: expected an integer"));
    EXPECT_THAT(config->runners[0].problem, HasSubstr("\n" + path_.string() + ":7:"));
    EXPECT_THAT(config->runners[0].problem, HasSubstr("label \"ab\" is not allowed"));
    EXPECT_EQ(config->runners[1].problem, "");
    EXPECT_THAT(config->runners[2].problem, HasSubstr("runners.docker.memory: "));
    EXPECT_FALSE(load("concurrent = true\n" + good)) << "no entry is at fault";
}

TEST_F(LoadConfig, NotesWhereRunnersShareTooFewPlaces) {
    const auto second =
        "[[runners]]\n  name = \"b\"\n  url = \"https://git.example\"\n"
        "  token = \"glrt-y\"\n  executor = \"shell\"\n";
    const auto notes = [&](const std::string& top) {
        const auto config = load(top + entry("  limit = 3\n") + second);
        return config ? config->warnings : std::vector<std::string>{config.error().message};
    };
    EXPECT_THAT(notes("concurrent = 3\n"), IsEmpty());
    EXPECT_THAT(notes("concurrent = 2\n"),
                ElementsAre(HasSubstr("runners.limit = 3 is never reached: concurrent = 2")));
    EXPECT_THAT(notes("concurrent = 1\n"), Contains(HasSubstr("2 runners share concurrent = 1")));
}

TEST_F(LoadConfig, NamesFeatureFlagsThatDoNothing) {
    const auto config =
        load(entry("  [runners.feature_flags]\n    FF_USE_JOB_ROUTER = true\n"
                   "    FF_TIMESTAMPS = false\n    FF_USE_FASTZIP = true\n"
                   "    FF_TIMESTAMP = true\n"));
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_THAT(
        config->warnings,
        ElementsAre(HasSubstr(":7:25: runners.feature_flags.FF_USE_JOB_ROUTER has no effect: "),
                    HasSubstr("no feature flag \"FF_TIMESTAMP\"; did you mean "
                              "\"FF_TIMESTAMPS\"?")));
}

TEST_F(LoadConfig, ANameIsOneLine) {
    const auto config = load(
        "[[runners]]\nname = \"a\\nlevel=error\"\nurl = \"https://g\"\ntoken = \"x\"\nexecutor = "
        "\"shell\"\n");
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->runners[0].name, "a?level=error");
    EXPECT_THAT(config->warnings, Contains(HasSubstr("its name has control characters")));
}

TEST_F(LoadConfig, RandomInputIsRefused) {
    std::string deep = "a = ";
    for (int i = 0; i < 100000; ++i) deep += '[';
    for (const std::string& text : {deep, std::string(100, '\0'), std::string("\xff\xfe\x80 = 1\n"),
                                    std::string("a = \"\x1b[31m"), std::string("[[runners]\n")}) {
        const auto config = load(text);
        ASSERT_FALSE(config);
        EXPECT_THAT(config.error().message, HasSubstr("not valid TOML"));
        EXPECT_LT(config.error().message.size(), 1000U);
    }
}

}  // namespace
