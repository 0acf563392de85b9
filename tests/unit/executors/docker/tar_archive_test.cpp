#include "executors/docker/tar_archive.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace {

using executors::docker::first_tar_entry;
using executors::docker::TarBuilder;

constexpr std::size_t kBlock = 512;

std::string field(const std::string& archive, std::size_t at, std::size_t width) {
    return std::string(archive.substr(at, width).c_str());
}

TEST(TarBuilder, WritesUstarBlocks) {
    TarBuilder tar;
    EXPECT_TRUE(tar.empty());
    tar.add_directory("etc", 0755);
    tar.add_file("etc/x.json", "{}", 0640);
    tar.add_symlink("link", "etc/x.json");
    EXPECT_FALSE(tar.empty());
    const std::string archive = tar.finish();
    EXPECT_TRUE(tar.empty());

    // directory, file header, file content, link, two empty blocks
    ASSERT_EQ(archive.size(), 6 * kBlock);
    EXPECT_EQ(field(archive, 0, 100), "etc/");
    EXPECT_EQ(archive[156], '5');
    EXPECT_EQ(field(archive, 100, 8), "0000755");
    EXPECT_EQ(field(archive, kBlock, 100), "etc/x.json");
    EXPECT_EQ(field(archive, kBlock + 124, 12), "00000000002");
    EXPECT_EQ(field(archive, kBlock + 100, 8), "0000640");
    EXPECT_EQ(field(archive, 2 * kBlock, kBlock), "{}");
    EXPECT_EQ(archive[3 * kBlock + 156], '2');
    EXPECT_EQ(field(archive, 3 * kBlock + 157, 100), "etc/x.json");
    EXPECT_EQ(archive.substr(4 * kBlock), std::string(2 * kBlock, '\0'));
    for (const std::size_t at : {std::size_t{0}, kBlock, 3 * kBlock}) {
        EXPECT_EQ(archive.substr(at + 257, 8), std::string("ustar\00000", 8));
        std::uint64_t sum = 8 * ' ';
        for (std::size_t i = 0; i < kBlock; ++i) {
            if (i < 148 || i >= 156) sum += static_cast<unsigned char>(archive[at + i]);
        }
        EXPECT_EQ(std::stoul(field(archive, at + 148, 8), nullptr, 8), sum);
    }
}

TEST(TarBuilder, AlignsContentToBlocks) {
    for (const std::size_t size : {0UL, 1UL, 511UL, 512UL, 513UL}) {
        TarBuilder tar;
        tar.add_file("f", std::string(size, 'x'), 0600);
        const std::size_t blocks = 1 + (size + kBlock - 1) / kBlock + 2;
        EXPECT_EQ(tar.finish().size(), blocks * kBlock) << size;
    }
}

TEST(TarBuilder, CutsLongNamesAtASlash) {
    const std::string folder(120, 'd');
    const std::string file(90, 'f');
    TarBuilder tar;
    tar.add_file(folder + "/" + file, "", 0600);
    const std::string archive = tar.finish();
    EXPECT_EQ(field(archive, 0, 100), file);
    EXPECT_EQ(field(archive, 345, 155), folder);
}

TEST(FirstTarEntry, ReadsWhatTheBuilderWrote) {
    TarBuilder file;
    file.add_file("f", "content", 0600);
    file.add_file("g", "other", 0600);
    const auto read = first_tar_entry(file.finish());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->type, '0');
    EXPECT_EQ(read->content, "content");

    TarBuilder link;
    link.add_symlink("l", "/etc/target");
    const auto followed = first_tar_entry(link.finish());
    ASSERT_TRUE(followed.has_value());
    EXPECT_EQ(followed->type, '2');
    EXPECT_EQ(followed->link, "/etc/target");

    TarBuilder folder;
    folder.add_directory("d", 0700);
    EXPECT_EQ(first_tar_entry(folder.finish())->type, '5');
}

TEST(FirstTarEntry, SkipsExtendedHeaders) {
    for (const char type : {'x', 'g'}) {
        TarBuilder tar;
        tar.add_file("pax", std::string(600, 'p'), 0600);
        tar.add_file("f", "content", 0600);
        std::string archive = tar.finish();
        archive[156] = type;
        const auto read = first_tar_entry(archive);
        ASSERT_TRUE(read.has_value()) << type;
        EXPECT_EQ(read->content, "content");
    }
}

TEST(FirstTarEntry, RefusesBrokenArchives) {
    TarBuilder tar;
    tar.add_file("f", std::string(700, 'x'), 0600);
    const std::string whole = tar.finish();
    std::string endless = whole;
    endless.replace(124, 12, "77777777777\0");
    for (const std::string& archive :
         {std::string(), std::string(100, 'a'), std::string(2 * kBlock, '\0'),
          whole.substr(0, kBlock), whole.substr(0, kBlock + 699), endless}) {
        const auto read = first_tar_entry(archive);
        ASSERT_FALSE(read.has_value()) << archive.size();
        EXPECT_TRUE(read.error().is(base::ErrorKind::kProtocol));
    }
}

}  // namespace
