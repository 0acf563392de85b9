#include "executors/helper/zip_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "executors/helper/cores.hpp"
#include "executors/helper/posix.hpp"
#include "executors/helper/zip_reader.hpp"
#include "executors/helper/zip_records.hpp"
#include "tests/support/temp_dir.hpp"

namespace executors::helper {
namespace {

namespace fs = std::filesystem;

/// Text that compresses to about a third, the same on every run.
std::string words(std::size_t size) {
    std::minstd_rand random(1);
    std::string text;
    while (text.size() < size) text += "word" + std::to_string(random() % 1000) + " ";
    text.resize(size);
    return text;
}

class ZipFiles : public testing::Test {
  protected:
    struct Input {
        std::string name;
        std::string content;
        bool store = false;
    };

    fs::path write_zip(const std::vector<Input>& inputs, unsigned threads,
                       std::string_view front = "", zip::Method packing = zip::Method::kDeflate) {
        fs::path path = directory_.path() / "a.zip";
        const UniqueFd output(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
        EXPECT_TRUE(write_all(output.get(), front));
        ZipWriter writer(output.get(), 4, threads, packing);
        for (const Input& input : inputs) {
            const fs::path source = directory_.path() / "source";
            std::ofstream(source, std::ios::binary) << input.content;
            const UniqueFd file(::open(source.c_str(), O_RDONLY));
            struct stat status {};
            EXPECT_EQ(::fstat(file.get(), &status), 0);
            status.st_mtime = 1'700'000'000;  // archives are compared
            writer.add_file(input.name, status, file.get(), input.store);
        }
        writer.finish();
        return path;
    }
    static std::string bytes_of(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static std::vector<std::pair<std::string, std::string>> content_of(const fs::path& path,
                                                                       std::uint64_t start = 0) {
        const UniqueFd file(::open(path.c_str(), O_RDONLY));
        const ZipReader reader(file.get(), start);
        std::vector<std::pair<std::string, std::string>> found;
        for (const ZipMember& member : reader.members()) {
            std::string content;
            reader.read(member, [&content](std::string_view bytes) { content += bytes; });
            found.emplace_back(member.name, std::move(content));
        }
        return found;
    }

    tests::TempDir directory_;
};

TEST_F(ZipFiles, HaveTheSameBytesWithAnyNumberOfThreads) {
    const std::vector<Input> inputs{{"empty", ""},
                                    {"one block", words(Block::kBytes)},
                                    {"and a byte", words(Block::kBytes + 1)},
                                    {"stored", words(3 * Block::kBytes + 7), true},
                                    {"whole", words(Block::kMostWholeBytes)},
                                    {"in blocks", words(Block::kMostWholeBytes + 1)},
                                    {"small", "x"}};
    const std::string alone = bytes_of(write_zip(inputs, 1));
    for (const unsigned threads : {2U, 5U})
        EXPECT_TRUE(bytes_of(write_zip(inputs, threads)) == alone) << threads;
    const auto found = content_of(write_zip(inputs, 3));
    ASSERT_EQ(found.size(), inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        EXPECT_EQ(found[i].first, inputs[i].name);
        EXPECT_TRUE(found[i].second == inputs[i].content) << inputs[i].name;
    }
    EXPECT_LT(alone.size(), 11 * Block::kBytes);
}

TEST_F(ZipFiles, OfAnySizeAreRefusedWhenTheyAreDamaged) {
    for (const std::size_t size : {std::size_t{1000}, Block::kMostWholeBytes + 1}) {
        const fs::path path = write_zip({{"a", words(size)}}, 1);
        std::string bytes = bytes_of(path);
        bytes[bytes.size() / 2] ^= 0x10;
        std::ofstream(path, std::ios::binary) << bytes;
        EXPECT_THROW(content_of(path), Failure) << size;
    }
}

TEST_F(ZipFiles, HoldAsManyFramesOfZstdAsAFileHasBlocks) {
    const std::vector<Input> inputs{{"empty", ""},
                                    {"small", "x"},
                                    {"one block", words(Block::kBytes)},
                                    {"many", words(3 * Block::kBytes + 7)}};
    const fs::path path = write_zip(inputs, 2, "", zip::Method::kZstd);
    const auto found = content_of(path);
    ASSERT_EQ(found.size(), inputs.size());
    for (std::size_t i = 0; i < inputs.size(); ++i)
        EXPECT_TRUE(found[i].second == inputs[i].content) << inputs[i].name;
    EXPECT_LT(fs::file_size(path), 2 * Block::kBytes);
    const UniqueFd file(::open(path.c_str(), O_RDONLY));
    const ZipReader reader(file.get(), 0);
    EXPECT_EQ(reader.members()[0].method, 0U);
    EXPECT_EQ(reader.members()[3].method, 93U);
}

TEST_F(ZipFiles, BeginAtTheOffsetOfTheOutput) {
    const std::string front = "a head";
    const fs::path path = write_zip({{"a", words(2 * Block::kBytes)}}, 2, front);
    EXPECT_TRUE(bytes_of(path).starts_with(front));
    EXPECT_TRUE(content_of(path, front.size())[0].second == words(2 * Block::kBytes));
}

TEST_F(ZipFiles, HoldAsMuchAsAFileHasThatShrinksOrGrowsMeanwhile) {
    const fs::path source = directory_.path() / "changing";
    std::ofstream(source) << words(Block::kBytes);
    struct stat status {};
    ASSERT_EQ(::stat(source.c_str(), &status), 0);
    const fs::path path = directory_.path() / "a.zip";
    const UniqueFd output(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
    const UniqueFd file(::open(source.c_str(), O_RDONLY));
    ZipWriter writer(output.get(), 4, 2);
    status.st_size = 3 * Block::kBytes;
    writer.add_file("shrunk", status, file.get(), false);
    ASSERT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
    status.st_size = 10;
    writer.add_file("grown", status, file.get(), false);
    writer.finish();
    const auto found = content_of(path);
    EXPECT_TRUE(found[0].second == words(Block::kBytes));
    EXPECT_EQ(found[1].second, words(10));
}

TEST_F(ZipFiles, MayHaveMoreMembersThanAFieldOf16BitsCounts) {
    const fs::path path = directory_.path() / "a.zip";
    const UniqueFd output(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600));
    ZipWriter writer(output.get(), 4, 1);
    struct stat status {};
    status.st_mode = S_IFDIR | 0755;
    constexpr std::size_t kMembers = 65'536;
    for (std::size_t i = 0; i < kMembers; ++i) writer.add_text(std::to_string(i) + "/", status, "");
    writer.finish();
    const ZipReader reader(output.get(), 0);
    ASSERT_EQ(reader.members().size(), kMembers);
    EXPECT_EQ(reader.members().back().name, "65535/");
}

TEST_F(ZipFiles, KeepSizesAndOffsetsOf64Bits) {
    zip::Entry entry;
    entry.name = "large";
    entry.status.st_mode = S_IFREG | 0640;
    entry.status.st_mtime = 1'700'000'001;
    entry.large = true;
    entry.size = 5ULL << 30U;
    entry.packed_size = 12;
    entry.offset = 6ULL << 30U;
    const std::string directory = zip::directory_entry(entry);
    const fs::path path = directory_.path() / "a.zip";
    std::ofstream(path, std::ios::binary) << directory << zip::end_records(1, directory.size(), 0);
    const UniqueFd file(::open(path.c_str(), O_RDONLY));
    const ZipReader reader(file.get(), 0);
    ASSERT_EQ(reader.members().size(), 1U);
    const ZipMember& member = reader.members()[0];
    EXPECT_EQ(member.size, entry.size);
    EXPECT_EQ(member.packed_size, 12U);
    EXPECT_EQ(member.offset, entry.offset);
    EXPECT_EQ(member.mode, entry.status.st_mode);
    EXPECT_EQ(member.mtime, entry.status.st_mtime);
    zip::Entry begun = entry;
    begun.size = begun.packed_size = begun.crc = 0;
    EXPECT_EQ(zip::local_header(begun).size(), zip::local_header(entry).size())
        << "the header is written again in its place";
}

TEST(UsableCores, AreWholeCoresOfAQuota) {
    EXPECT_EQ(cores_of_quota("max 100000\n"), 0U);
    EXPECT_EQ(cores_of_quota("150000 100000\n"), 2U);
    EXPECT_EQ(cores_of_quota("20000 100000"), 1U);
    EXPECT_EQ(cores_of_quota("400000 100000"), 4U);
    EXPECT_EQ(cores_of_quota(""), 0U);
    EXPECT_EQ(cores_of_quota("7"), 0U);
    EXPECT_GE(usable_cores(), 1U);
}

TEST(UsableCores, AreNotMoreThanTheJobWants) {
    constexpr const char* kName = "FASTZIP_ARCHIVER_CONCURRENCY";
    const unsigned all = usable_cores();
    EXPECT_EQ(usable_cores(kName), all);
    const std::string more = std::to_string(all + 1);
    const std::map<std::string, unsigned> rows{{"1", 1},  {more, all}, {"0", all},
                                               {"", all}, {"-1", all}, {"1x", all}};
    for (const auto& [text, expected] : rows) {
        ::setenv(kName, text.c_str(), 1);
        EXPECT_EQ(usable_cores(kName), expected) << text;
    }
    ::unsetenv(kName);
}

}  // namespace
}  // namespace executors::helper
