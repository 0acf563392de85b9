#include "runner/pipeline/variables/predefined.hpp"

#include <gtest/gtest.h>

#include "runner/pipeline/variables/slug.hpp"

namespace runner::pipeline::variables {
namespace {

TEST(ParseRemote, ReadsAllForms) {
    const Remote scp = parse_remote("git@gitlab.example.com:group/sub/name.git");
    EXPECT_EQ(scp.host, "gitlab.example.com");
    EXPECT_EQ(scp.path, "group/sub/name");
    EXPECT_EQ(scp.protocol, "https");
    EXPECT_EQ(scp.port, "443");
    const Remote ssh = parse_remote("ssh://git@host:2222/group/name.git");
    EXPECT_EQ(ssh.ssh_port, "2222");
    EXPECT_EQ(ssh.port, "443");
    EXPECT_EQ(ssh.path, "group/name");
    const Remote http = parse_remote("http://user:secret@host:8080/group/name");
    EXPECT_EQ(http.host, "host");
    EXPECT_EQ(http.port, "8080");
    EXPECT_EQ(http.protocol, "http");
    EXPECT_EQ(parse_remote("/srv/repo").path, "");
    EXPECT_EQ(parse_remote("").path, "");
}

Checkout checkout() {
    Checkout checkout;
    checkout.remote_url = "https://gitlab.example.com:8443/group/sub/name.git";
    checkout.sha = "0123456789abcdef0123456789abcdef01234567";
    checkout.before_sha = "1123456789abcdef0123456789abcdef01234567";
    checkout.ref = "feature/X";
    checkout.message = "A title\n\nThe rest.\n";
    return checkout;
}

TEST(Predefined, DescribesABranch) {
    const Collection all = predefined(checkout(), {});
    EXPECT_EQ(all.value("CI_SERVER_URL"), "https://gitlab.example.com:8443");
    EXPECT_EQ(all.value("CI_PROJECT_PATH_SLUG"), "group-sub-name");
    EXPECT_EQ(all.value("CI_PROJECT_ROOT_NAMESPACE"), "group");
    EXPECT_EQ(all.value("CI_COMMIT_SHORT_SHA"), "01234567");
    EXPECT_EQ(all.value("CI_COMMIT_BRANCH"), "feature/X");
    EXPECT_EQ(all.value("CI_COMMIT_REF_SLUG"), "feature-x");
    EXPECT_EQ(all.value("CI_COMMIT_BEFORE_SHA"), "1123456789abcdef0123456789abcdef01234567");
    EXPECT_EQ(all.value("CI_COMMIT_TITLE"), "A title");
    EXPECT_EQ(all.value("CI_COMMIT_DESCRIPTION"), "The rest.");
    EXPECT_EQ(all.value("CI_COMMIT_TAG"), std::nullopt);
    EXPECT_EQ(all.value("CI_PIPELINE_SOURCE"), "push");
    EXPECT_EQ(all.value("CI_CONFIG_REF_URI"),
              "gitlab.example.com:8443/group/sub/name//.gitlab-ci.yml@refs/heads/feature/X");
    EXPECT_EQ(all.value("CI_PAGES_URL"), "https://group.pages.gitlab.example.com/sub/name");
}

TEST(GuessTier, DependsOnTheName) {
    const std::pair<const char*, const char*> cases[] = {
        {"production", "production"}, {"PROD", "production"},      {"live/eu", "production"},
        {"staging", "staging"},       {"pre-prod", "staging"},     {"demo", "staging"},
        {"test", "testing"},          {"acceptance", "testing"},   {"qa-2", "testing"},
        {"review/x", "development"},  {"dev-test", "development"}, {"blue", "other"}};
    for (const auto& [name, tier] : cases) EXPECT_EQ(guess_tier(name), tier) << name;
}

TEST(Predefined, DescribesATag) {
    Checkout tagged = checkout();
    tagged.is_tag = true;
    tagged.ref = "v1";
    const Collection all = predefined(tagged, {});
    EXPECT_EQ(all.value("CI_COMMIT_TAG"), "v1");
    EXPECT_EQ(all.value("CI_COMMIT_BRANCH"), std::nullopt);
    EXPECT_EQ(all.value("CI_COMMIT_BEFORE_SHA"), std::string(40, '0'));
}

TEST(Predefined, DescribesAMergeRequest) {
    Event event;
    event.source = "merge_request_event";
    event.merge_request = MergeRequest{"feature/X", "main", "abc", "7"};
    const Collection all = predefined(checkout(), event);
    EXPECT_EQ(all.value("CI_COMMIT_BRANCH"), std::nullopt);
    EXPECT_EQ(all.value("CI_MERGE_REQUEST_IID"), "7");
    EXPECT_EQ(all.value("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"), "main");
    EXPECT_EQ(all.value("CI_MERGE_REQUEST_SOURCE_BRANCH_PROTECTED"), "false");
    EXPECT_EQ(all.value("CI_MERGE_REQUEST_TARGET_BRANCH_PROTECTED"), "true");
    EXPECT_EQ(all.value("CI_MERGE_REQUEST_SQUASH_ON_MERGE"), "false");
    EXPECT_EQ(all.value("CI_MERGE_REQUEST_DESCRIPTION_IS_TRUNCATED"), "false");
    EXPECT_EQ(all.value("CI_OPEN_MERGE_REQUESTS"), "group/sub/name!7");
}

}  // namespace
}  // namespace runner::pipeline::variables
