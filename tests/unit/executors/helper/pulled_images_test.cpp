#include "executors/helper/pulled_images.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "executors/helper/bolt_reader.hpp"
#include "executors/helper/untag_images.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

std::string quoted(std::string text) {
    for (char& c : text) {
        if (c == '\'') c = '"';
    }
    return text;
}

TEST(PulledNames, OfTheStorageDriversAreThoseWithADigestForTheSameImage) {
    struct Case {
        const char* what;
        const char* repositories;
        const char* left;  ///< "": the list does not change
    };
    const Case cases[] = {
        {"pulled", "'app':{'app:1':'sha256:a','app@sha256:d':'sha256:a'}",
         "'app':{'app@sha256:d':'sha256:a'}"},
        {"built", "'app':{'app:1':'sha256:a'}", ""},
        {"pulled, and then built under the same name",
         "'app':{'app:1':'sha256:b','app@sha256:d':'sha256:a'}", ""},
        {"two tags of two images",
         "'app':{'app:1':'sha256:a','app:mine':'sha256:b','app@sha256:d':'sha256:a'}",
         "'app':{'app:mine':'sha256:b','app@sha256:d':'sha256:a'}"},
        {"named by the job",
         "'app':{'app:1':'sha256:a','app@sha256:d':'sha256:a'},'mine':{'mine:1':'sha256:a'}",
         "'app':{'app@sha256:d':'sha256:a'},'mine':{'mine:1':'sha256:a'}"},
        {"with a port", "'r:5000/app':{'r:5000/app:1':'sha256:a','r:5000/app@sha256:d':'sha256:a'}",
         "'r:5000/app':{'r:5000/app@sha256:d':'sha256:a'}"},
        {"brought by the runner",
         "'moby/buildkit':{'moby/buildkit:b':'sha256:a','moby/buildkit@sha256:d':'sha256:a'}", ""},
        {"no names", "", ""},
        {"another format", "'app':['app:1']", ""},
        {"another format", "'app':{'app:1':7,'app@sha256:d':7}", ""},
    };
    for (const auto& test : cases) {
        const auto list = [](const char* text) {
            return quoted("{'Repositories':{" + std::string(text) + "}}");
        };
        const auto left =
            without_pulled_names(list(test.repositories), {"docker.io/moby/buildkit:b", "other"});
        EXPECT_EQ(left.value_or(""), *test.left == '\0' ? "" : list(test.left)) << test.what;
    }
    for (const char* wrong : {"", "[]", "{}", R"({"Repositories":7})", "{"})
        EXPECT_FALSE(without_pulled_names(wrong, {})) << wrong;
}

TEST(PulledNames, AreTakenOutOfTheListBeforeTheEngineStarts) {
    const tests::TempDir temp;
    const fs::path store = temp.path() / "image/overlay2";
    fs::create_directories(store / "repositories.json.new");
    std::ofstream(store / "repositories.json")
        << quoted("{'Repositories':{'a':{'a:1':'sha256:a','a@sha256:d':'sha256:a'}}}");
    const DataRoot root(temp.path().string());
    EXPECT_EQ(forget_pulled_images(root, {}), Words{});
    std::ifstream file(store / "repositories.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(text, quoted("{'Repositories':{'a':{'a@sha256:d':'sha256:a'}}}"));
    EXPECT_FALSE(fs::exists(store / "repositories.json.new"));
}

template <typename Number>
void put(std::string& bytes, Number number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

struct Entry {
    std::string key;
    std::string value;
    bool bucket = false;
};

/// A page of bbolt with these entries.
std::string leaf(const std::vector<Entry>& entries) {
    std::string page;
    put(page, std::uint64_t{0});
    put(page, std::uint16_t{2});
    put(page, static_cast<std::uint16_t>(entries.size()));
    put(page, std::uint32_t{0});
    std::size_t at = 16 * (entries.size() + 1);
    std::string data;
    for (const auto& entry : entries) {
        put(page, std::uint32_t{entry.bucket ? 1U : 0U});
        put(page, static_cast<std::uint32_t>(at - page.size() + 4));
        put(page, static_cast<std::uint32_t>(entry.key.size()));
        put(page, static_cast<std::uint32_t>(entry.value.size()));
        at += entry.key.size() + entry.value.size();
        data += entry.key + entry.value;
    }
    return page + data;
}

std::string branch(const std::vector<std::uint64_t>& pages) {
    std::string page;
    put(page, std::uint64_t{0});
    put(page, std::uint16_t{1});
    put(page, static_cast<std::uint16_t>(pages.size()));
    put(page, std::uint32_t{0});
    for (const auto number : pages) {
        put(page, std::uint64_t{0});
        put(page, number);
    }
    return page;
}

Entry bucket(const std::string& key, const std::vector<Entry>& entries) {
    return {key, std::string(16, '\0') + leaf(entries), true};
}

Entry bucket_at(const std::string& key, std::uint64_t page) {
    std::string value;
    put(value, page);
    put(value, std::uint64_t{0});
    return {key, value, true};
}

/// A database whose buckets begin at page 3.
std::string database(const std::vector<std::string>& pages) {
    const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    std::string head;
    for (const std::uint32_t number : {0xED0CDAEDU, 2U, static_cast<std::uint32_t>(size), 0U})
        put(head, number);
    for (const std::uint64_t number : {3ULL, 0ULL, 2ULL, 3ULL + pages.size(), 1ULL})
        put(head, number);
    std::uint64_t sum = 0xCBF29CE484222325ULL;
    for (const char byte : head) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001B3ULL;
    put(head, sum);
    std::string file(3 * size, '\0');
    file.replace(size + 16, head.size(), head);  // the first head is damaged
    for (const auto& page : pages) {
        file += page;
        file.resize((file.size() + size - 1) / size * size);
    }
    return file;
}

Entry image(const std::string& name, const std::string& digest) {
    return bucket(name, {bucket("target", {{"digest", digest}}), {"updatedat", "x"}});
}

Entry blob(const std::string& digest, const std::string& host, const std::string& paths) {
    return bucket(digest,
                  {bucket("labels", {{"containerd.io/distribution.source." + host, paths}})});
}

/// As containerd writes them.
std::vector<std::string> containerd_pages() {
    const Entry content = bucket(
        "content", {bucket("blob", {blob("sha256:a", "docker.io", "library/other,library/app"),
                                    blob("sha256:b", "r", "team/app"), bucket("sha256:c", {})})});
    return {leaf({bucket("v1", {bucket("moby", {content, bucket_at("images", 4)}),
                                bucket("other", {image("docker.io/library/app:2", "sha256:a")})})}),
            branch({5, 6}),
            leaf({image("docker.io/library/app:1", "sha256:a"),
                  image("docker.io/library/mine:1", "sha256:a"),
                  image("docker.io/library/built:1", "sha256:c")}),
            leaf({image("moby-dangling@sha256:b", "sha256:b"),
                  image("r:5000/team/app:1", "sha256:b"), image("r:5000/team/x:1", "sha256:b")})};
}

TEST(PulledNames, OfContainerdsStoreAreThoseWhoseContentCameFromTheirRepository) {
    const auto pages = containerd_pages();
    EXPECT_EQ(pulled_names(database(pages), {}),
              (Words{"docker.io/library/app:1", "r:5000/team/app:1"}));
    EXPECT_EQ(pulled_names(database(pages), {"app:1"}), Words{"r:5000/team/app:1"});
    EXPECT_EQ(pulled_names("", {}), Words{});
    EXPECT_EQ(pulled_names(std::string(40'000, 'x'), {}), Words{});
}

TEST(PulledNames, OfADamagedDatabaseAreFewerAndNothingElseHappens) {
    const std::string whole = database(containerd_pages());
    for (std::size_t size = 0; size < whole.size(); size += 101) {
        const std::string cut = whole.substr(0, size);
        EXPECT_LE(pulled_names(cut, {}).size(), 2U);
    }
    for (std::size_t at = whole.size() / 7 * 3; at < whole.size(); at += 3) {
        std::string spoiled = whole;
        spoiled[at] = '\xff';
        EXPECT_LE(pulled_names(spoiled, {}).size(), 3U) << at;
    }
    auto pages = containerd_pages();
    pages[1] = branch(std::vector<std::uint64_t>(100, 4));
    EXPECT_EQ(pulled_names(database(pages), {}), Words{}) << "pages that name each other";
}

TEST(PulledNames, AreSentToTheEngineOnlyWhenTheyAreNames) {
    const auto split = [](const std::string& name) {
        const auto parts = split_image_name(name);
        return parts ? parts->repository + " " + parts->tag : "";
    };
    EXPECT_EQ(split("docker.io/library/app:1"), "docker.io/library/app 1");
    EXPECT_EQ(split("r:5000/team/app:V1_x.y-z"), "r:5000/team/app V1_x.y-z");
    for (const char* wrong : {"", "app", ":1", "app:", "r:5000/app", "app@sha256:a",
                              "app:1 HTTP/1.0\r\n", "app:1?force=1", "app:1&x", "../%2e:1"}) {
        EXPECT_EQ(split(wrong), "") << wrong;
    }
}

}  // namespace
}  // namespace executors::helper
