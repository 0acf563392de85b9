#include "executors/docker/tar_archive.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <utility>

namespace executors::docker {

namespace {

constexpr std::size_t kBlock = 512;

void put_octal(char* field, std::size_t width, std::uint64_t value) {
    field[width - 1] = '\0';
    for (std::size_t digit = width - 1; digit-- > 0; value >>= 3) {
        field[digit] = static_cast<char>('0' + (value & 7));
    }
}

/// Ids over 2097151 do not fit in octal digits; GNU's form has the bytes of the number.
void put_number(char* field, std::uint64_t value) {
    constexpr std::size_t kWidth = 8;
    if (value < 1U << 21U) return put_octal(field, kWidth, value);
    for (std::size_t byte = kWidth; byte-- > 0; value >>= 8U) {
        field[byte] = static_cast<char>(value & 0xffU);
    }
    field[0] = static_cast<char>(0x80);
}

std::size_t read_octal(std::string_view field) {
    std::size_t value = 0;
    for (const char c : field) {
        if (c < '0' || c > '7') break;
        value = value * 8 + static_cast<std::size_t>(c - '0');
    }
    return value;
}

void copy_text(char* field, std::size_t width, std::string_view text) {
    std::memcpy(field, text.data(), std::min(width, text.size()));
}

/// ustar keeps long names in two fields, cut at a slash.
void put_name(char* header, std::string_view name) {
    if (name.size() <= 100) return copy_text(header, 100, name);
    const auto cut = name.find('/', name.size() - 101);
    if (cut == std::string_view::npos || cut > 155) return copy_text(header, 100, name);
    copy_text(header + 345, 155, name.substr(0, cut));
    copy_text(header, 100, name.substr(cut + 1));
}

std::string_view text_of(std::string_view field) { return field.substr(0, field.find('\0')); }

}  // namespace

void TarBuilder::add_header(std::string_view name, char type, std::size_t size, unsigned mode,
                            std::string_view link) {
    std::array<char, kBlock> header{};
    put_name(header.data(), name);
    put_octal(header.data() + 100, 8, mode);
    put_number(header.data() + 108, uid_);
    put_number(header.data() + 116, gid_);
    put_octal(header.data() + 124, 12, size);
    put_octal(header.data() + 136, 12, 0);
    header[156] = type;
    copy_text(header.data() + 157, 100, link);
    copy_text(header.data() + 257, 8, std::string_view("ustar\00000", 8));
    std::memset(header.data() + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(header.data() + 148, 8, "%06o", sum);
    bytes_.append(header.data(), header.size());
}

void TarBuilder::set_owner(unsigned uid, unsigned gid) {
    uid_ = uid;
    gid_ = gid;
}

void TarBuilder::add_directory(std::string_view name, unsigned mode) {
    add_header(std::string(name) + "/", '5', 0, mode, "");
}

void TarBuilder::add_file(std::string_view name, std::string_view content, unsigned mode) {
    add_header(name, '0', content.size(), mode, "");
    bytes_.append(content);
    const std::size_t rest = content.size() % kBlock;
    if (rest != 0) bytes_.append(kBlock - rest, '\0');
}

void TarBuilder::add_symlink(std::string_view name, std::string_view target) {
    add_header(name, '2', 0, 0777, target);
}

std::string TarBuilder::finish() {
    bytes_.append(2 * kBlock, '\0');
    return std::exchange(bytes_, {});
}

base::Result<TarEntry> first_tar_entry(std::string_view archive) {
    const auto broken = [] {
        return base::make_error(base::ErrorKind::kProtocol, "the engine sent a broken archive");
    };
    std::size_t at = 0;
    while (at + kBlock <= archive.size()) {
        const std::string_view header = archive.substr(at, kBlock);
        if (header.front() == '\0') break;
        const std::size_t size = read_octal(header.substr(124, 12));
        if (size > archive.size() - at - kBlock) return broken();
        const char type = header[156];
        // Extended headers (pax) come before the entry that they describe.
        if (type != 'x' && type != 'g') {
            TarEntry entry;
            entry.type = type == '\0' ? '0' : type;
            entry.content = archive.substr(at + kBlock, size);
            entry.link = text_of(header.substr(157, 100));
            return entry;
        }
        at += kBlock + (size + kBlock - 1) / kBlock * kBlock;
    }
    return broken();
}

}  // namespace executors::docker
