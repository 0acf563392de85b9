#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <map>

#include "base/json.hpp"
#include "executors/helper/long_path.hpp"
#include "executors/helper/stage_report.hpp"
#include "executors/helper/unpack.hpp"
#include "tests/unit/executors/helper/archive_fixture.hpp"

namespace executors::helper {
namespace {

TEST_F(Archives, HaveAProvenanceStatementOfTheirFiles) {
    write("named-metadata.json", "of an earlier job");
    ASSERT_EQ(run("do archive\nname named\npath out\npath named-metadata.json\noutput package\n"
                  R"(statement {"predicate":{"runDetails":{"metadata":{"startedOn":"x"}}}})"
                  "\n"),
              0);
    std::ifstream package("package", std::ios::binary);
    std::uint32_t head = 0;
    package.read(reinterpret_cast<char*>(&head), sizeof head);
    package.ignore(head);
    std::ofstream("a.zip", std::ios::binary) << package.rdbuf();
    fs::create_directory("unpacked");
    const UniqueFd file(::open("a.zip", O_RDONLY));
    unpack_archive(file.get(), "unpacked");
    std::ifstream stored("unpacked/named-metadata.json");
    const auto statement = nlohmann::json::parse(stored);
    std::map<std::string, std::string> digests;
    for (const auto& subject : statement["subject"])
        digests[subject["name"]] = subject["digest"]["sha256"];
    const std::string alpha = "8ed3f6ad685b959ead7022518e1af76cd816f8e8ec7ccdda1ed4018e8f2223f8";
    const std::string nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    EXPECT_EQ(digests["out/a.txt"], alpha);
    EXPECT_EQ(digests["out/sub/.hidden"], nothing);
    EXPECT_EQ(digests.size(), 3U) << "regular files only, and not the statement itself";
    const auto& times = statement["predicate"]["runDetails"]["metadata"];
    EXPECT_EQ(times["startedOn"], "x");
    EXPECT_EQ(times["finishedOn"].get<std::string>().size(), 20U);
    EXPECT_FALSE(fs::exists("unpacked/out/named-metadata.json"));
}

/// Makes directories below the working directory until their path is longer than PATH_MAX.
std::string make_deep_directories() {
    const UniqueFd begin(::open(".", O_RDONLY | O_DIRECTORY));
    const std::string name(200, 'd');
    std::string path;
    for (int i = 0; i < 30; ++i) {
        EXPECT_EQ(::mkdir(name.c_str(), 0755), 0);
        EXPECT_EQ(::chdir(name.c_str()), 0);
        path += name + "/";
    }
    std::ofstream("file") << "deep";
    EXPECT_EQ(::symlink("file", "link"), 0);
    EXPECT_EQ(::fchdir(begin.get()), 0);
    return path;
}

TEST_F(Archives, KeepsNamesThatAreDeeperThanOneCallTakes) {
    fs::create_directory("deep");
    fs::current_path("deep");
    const std::string path = make_deep_directories();
    for (const auto format : {ArchiveFormat::kZip, ArchiveFormat::kTarZstd}) {
        const Selection selection = select({"**/*"});
        EXPECT_EQ(selection.count(path + "file"), 1U);
        EXPECT_EQ(selection.count(path + "link"), 1U);
        EXPECT_EQ(names(select({"**/file"})), path + "file ");
        const auto packed = pack(format, selection);
        const fs::path target = directory_.path() / archive_file_name("target", format);
        fs::create_directory(target);
        const UniqueFd file(::open(packed.c_str(), O_RDONLY));
        EXPECT_EQ(unpack_archive(file.get(), target), selection.size());
        fs::current_path(target);
        EXPECT_EQ(link_target_long(path + "link"), "file");
        EXPECT_EQ(read_all(open_long(path + "file", O_RDONLY).get()), "deep");
    }
}

TEST_F(Archives, RestoresTheModesThatWereSaved) {
    fs::create_directories("modes/closed/below");
    write("modes/closed/below/file", "f");
    write("modes/program", "p");
    ASSERT_EQ(::chmod("modes/program", 04711), 0);
    ASSERT_EQ(::chmod("modes/closed/below/file", 0400), 0);
    ASSERT_EQ(::chmod("modes/closed/below", 0500), 0);
    ASSERT_EQ(::chmod("modes/closed", 0555), 0);
    ASSERT_EQ(::chmod("modes", 03775), 0);
    for (const auto format : {ArchiveFormat::kZip, ArchiveFormat::kTarZstd}) {
        const Selection selection = select({"modes"});
        const auto packed = pack(format, selection);
        const fs::path target = directory_.path() / archive_file_name("target", format);
        fs::create_directory(target);
        for (int turn = 0; turn < 2; ++turn) {  // the second one over what the first has left
            const UniqueFd file(::open(packed.c_str(), O_RDONLY));
            unpack_archive(file.get(), target);
            fs::current_path(target);
            for (const auto& [path, saved] : selection) {
                struct stat status {};
                ASSERT_EQ(::lstat(path.c_str(), &status), 0) << path;
                EXPECT_EQ(status.st_mode, saved.st_mode) << path;
            }
            fs::current_path(project_);
        }
    }
}

TEST_F(Archives, KeepsTheBytesOfNames) {
    const std::vector<std::string> all{"u\u0308",     "\u00fc", "\xff\xfe", "a\xc3",
                                       "line\nbreak", "\u212b", "\ufb01",   std::string(255, 'n')};
    fs::create_directory("names");
    for (const std::string& name : all) {
        write("names/" + name, name);
        ASSERT_EQ(::symlink(name.c_str(), ("names/to " + name.substr(0, 200)).c_str()), 0);
    }
    for (const char* format : {"zip", "tarzstd"}) {
        const std::string cache = directory_.path() / format;
        const std::string lines = "\nfile " + cache + "\nformat " + format + "\npath names\n";
        ASSERT_EQ(run("do cache-save" + lines), 0);
        const UniqueFd file(::open(cache.c_str(), O_RDONLY));
        EXPECT_EQ(list_archive(file.get()).size(), 2 * all.size() + 1);
        fs::rename("names", std::string("names-of-") + format);
        ASSERT_EQ(run("do cache-restore" + lines), 0);
        for (const std::string& name : all) {
            EXPECT_EQ(read_file_end("names/" + name, 1000), name);
            EXPECT_EQ(link_target("names/to " + name.substr(0, 200)), name);
        }
        EXPECT_EQ(list_directory("names").size(), 2 * all.size());
    }
}

TEST_F(Archives, UnpacksWhatItPacked) {
    for (const auto format :
         {ArchiveFormat::kZip, ArchiveFormat::kTarZstd, ArchiveFormat::kZipZstd}) {
        const auto path = pack(format, select({"out"}));
        const fs::path target = directory_.path() / "target";
        fs::remove_all(target);
        fs::create_directory(target);
        const UniqueFd file(::open(path.c_str(), O_RDONLY));
        EXPECT_EQ(unpack_archive(file.get(), target), 6U);
        EXPECT_EQ(read_file_end(target / "out/a.txt", 100), "alpha");
        EXPECT_EQ(fs::status(target / "out/a.txt").permissions(), fs::perms::owner_all);
        EXPECT_EQ(fs::file_size(target / "out/sub/b.log"), 100'000U);
        EXPECT_EQ(fs::read_symlink(target / "out/link"), "a.txt");
        EXPECT_EQ(fs::file_size(target / "out/sub/.hidden"), 0U);
    }
}

TEST_F(Archives, ReportsADamagedArchive) {
    const auto path = pack(ArchiveFormat::kZip, select({"out"}));
    fs::resize_file(path, fs::file_size(path) / 2);
    const UniqueFd file(::open(path.c_str(), O_RDONLY));
    EXPECT_THROW(unpack_archive(file.get(), project_), Failure);
}

TEST_F(Archives, TakesExactlyOneFileAsRaw) {
    EXPECT_EQ(read_file_end(pack(ArchiveFormat::kRaw, select({"top.log"})), 100), "t");
    EXPECT_THROW(pack(ArchiveFormat::kRaw, select({"out"})), Failure);
    EXPECT_THROW(pack(ArchiveFormat::kGzip, select({"out"})), Failure);
}

TEST_F(Archives, KnowsTheOfficialFormatsAndLevels) {
    EXPECT_EQ(archive_file_name("a", parse_archive_format("")), "a.zip");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("gzip")), "a.gz");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("raw")), "a");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("tarzstd")), "a.tar.zst");
    EXPECT_EQ(archive_file_name("a", parse_archive_format("zipzstd")), "a.zip");
    EXPECT_THROW(parse_archive_format("rar"), Failure);
    EXPECT_EQ(compression_level("fastest"), 0);
    EXPECT_EQ(compression_level("slowest"), 9);
    EXPECT_EQ(compression_level("best"), -1);
}

TEST_F(Archives, HaveTheirLevelInEveryFormat) {
    std::string text;
    for (unsigned i = 1, random = 1; i < 60'000; ++i) {
        random = random * 1'103'515'245 + 12'345;
        text += "word" + std::to_string(random >> 16 & 1023) + (i % 11 == 0 ? "\n" : " ");
    }
    write("text", text);
    for (const auto format :
         {ArchiveFormat::kZip, ArchiveFormat::kTarZstd, ArchiveFormat::kZipZstd}) {
        const auto size_at = [&](const char* level) {
            const fs::path path = directory_.path() / level;
            const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
            write_archive(format, compression_level(level), select({"text"}), file.get(),
                          {[](const auto&) {}, [](const auto&) {}});
            return fs::file_size(path);
        };
        EXPECT_GT(size_at("fast"), size_at("slow")) << static_cast<int>(format);
        EXPECT_GE(size_at("slow"), size_at("slowest")) << static_cast<int>(format);
        // A tar is always compressed, a zip is stored.
        EXPECT_EQ(size_at("fastest") > text.size(), format != ArchiveFormat::kTarZstd);
    }
}

TEST_F(Archives, WritesACacheAgainOnlyWhenAFileHasChanged) {
    const std::string file = directory_.path() / "cache/key/cache.zip";
    const std::string save = "do cache-save\nfile " + file + "\npath out\n";
    ASSERT_EQ(run(save), 0);
    const auto number = [&] {
        struct stat status {};
        EXPECT_EQ(::stat(file.c_str(), &status), 0);
        return status.st_ino;
    };
    const auto first = number();
    ASSERT_EQ(run(save), 0);
    EXPECT_EQ(number(), first);
    fs::remove("out/sub/.hidden");
    ASSERT_EQ(run(save), 0);
    EXPECT_NE(number(), first);
    fs::remove_all("out");
    ASSERT_EQ(run("do cache-restore\nfile " + file + "\n"), 0);
    EXPECT_TRUE(fs::exists("out/a.txt"));
    EXPECT_FALSE(fs::exists("out/sub/.hidden"));
}

TEST_F(Archives, ReportsWhatBecameOfACache) {
    const std::string file = directory_.path() / "cache.zip";
    const std::string save = "do cache-save\nfile " + file + "\npath out\n";
    const std::string restore = "do cache-restore\nfile " + file + "\n";
    const UniqueFd report = make_report();
    ::setenv("RUNNER_REPORT_FD", std::to_string(report.get()).c_str(), 1);
    ::setenv(kCacheNumberVariable, "2", 1);
    run(restore);
    run("do cache-save\nfile " + file + "\npath nothing\n");
    run(save);
    const auto size = std::to_string(fs::file_size(file));
    run(save);
    run(restore);
    write(file, "damaged");
    run(restore);
    fs::create_directory(directory_.path() / "blocked");
    run("do cache-save\nfile " + (directory_.path() / "blocked").string() + "\npath out\n");
    run("do extract\nfile " + file + "\n");
    ::unsetenv("RUNNER_REPORT_FD");
    ::unsetenv(kCacheNumberVariable);
    EXPECT_EQ(read_report(report.get()),
              "cache-restore 2 miss 0\n"
              "cache-save 2 empty 0\n"
              "cache-save 2 saved " +
                  size +
                  "\n"
                  "cache-save 2 unchanged 0\n"
                  "cache-restore 2 hit " +
                  size +
                  "\n"
                  "cache-restore 2 failed 0\n"
                  "cache-save 2 failed 0\n");
}

TEST_F(Archives, MarksNamesOfAZipAsUtf8WhereTheyAre) {
    fs::create_directory("names");
    write("names/\u00fc", "");
    write("names/\xff", "");
    const std::string bytes = read_file_end(pack(ArchiveFormat::kZip, select({"names/*"})), 4096);
    // The flags stand six bytes behind the signature of a local header, the name 30 bytes.
    std::map<std::string, int> flags;
    for (auto at = bytes.find("PK\x03\x04"); at != std::string::npos;
         at = bytes.find("PK\x03\x04", at + 1))
        flags[bytes.substr(at + 30, bytes[at + 26])] = bytes[at + 7] & 0x08;
    EXPECT_EQ(flags, (std::map<std::string, int>{{"names/\u00fc", 8}, {"names/\xff", 0}}));
}

TEST_F(Archives, DoesNotWaitForAPipeInThePlaceOfACache) {
    const std::string file = directory_.path() / "cache.zip";
    ASSERT_EQ(::mkfifo(file.c_str(), 0666), 0);
    EXPECT_EQ(run("do cache-restore\nfile " + file + "\n"), 1);
    EXPECT_EQ(run("do extract\nfile " + file + "\n"), 1);
    EXPECT_EQ(run("do cache-save\nfile " + file + "\npath out\n"), 0);
    EXPECT_TRUE(fs::is_regular_file(file));
    EXPECT_EQ(run("do cache-restore\nfile " + file + "\n"), 0);
}

TEST_F(Archives, ExitsWithOneWhenThereIsNoCache) {
    EXPECT_EQ(run("do cache-restore\nfile " + (directory_.path() / "none").string() + "\n"), 1);
    EXPECT_EQ(run("do something\n"), 1);
    EXPECT_EQ(run("unknown line\n"), 1);
}

}  // namespace
}  // namespace executors::helper
