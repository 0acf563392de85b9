#include "executors/helper/git_mirror.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <optional>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/json_fields.hpp"
#include "executors/helper/arguments.hpp"
#include "executors/helper/directory.hpp"
#include "executors/helper/git_process.hpp"

namespace executors::helper {

namespace {

using Json = nlohmann::json;

constexpr const char* kCurrent = "current";
constexpr const char* kNext = "next";
constexpr const char* kFillLock = "lock";
constexpr const char* kReadLock = "read-lock";
constexpr const char* kPacks = "/objects/pack";
/// Then they become one.
constexpr std::size_t kMostPacks = 20;
/// How long a server may send nothing. A job waits for the proof; a server that packs a large
/// repository is silent meanwhile.
constexpr int kSilenceOfProof = 20;
constexpr int kSilenceOfFilling = 600;

/// Held until the object or the process ends.
class Lock {
  public:
    Lock(const std::string& path, int operation, int flags = O_RDWR | O_CREAT)
        : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {
        if (!fd_) fail_errno("open " + path);
        held_ = ::flock(fd_.get(), operation) == 0;
        if (!held_ && errno != EWOULDBLOCK) fail_errno("lock " + path);
    }
    [[nodiscard]] bool held() const { return held_; }

  private:
    UniqueFd fd_;
    bool held_ = false;
};

/// git with the login of the job, for the server of the request alone.
class ServerGit {
  public:
    ServerGit(const MirrorRequest& request, int silence_seconds)
        : authority_(request.authority),
          git_(settings(request), environment(request, silence_seconds)) {}
    [[nodiscard]] const GitProcess& git() const { return git_; }

  private:
    [[nodiscard]] std::vector<GitProcess::Setting> settings(const MirrorRequest& request) const {
        const auto scheme = request.url.find("://");
        if (scheme == std::string::npos) throw Failure("a mirror needs an address for HTTP");
        const std::string server = request.url.substr(0, request.url.find('/', scheme + 3));
        std::vector<GitProcess::Setting> all;
        const std::string login = "Authorization: Basic " +
                                  base::base64_encode(request.username + ":" + request.password);
        all.emplace_back("http." + server + ".extraHeader", login);
        if (!request.authority.empty()) {
            all.emplace_back("http." + server + ".sslCAInfo", authority_.path());
        }
        return all;
    }
    static std::vector<std::string> environment(const MirrorRequest& request, int silence_seconds) {
        auto all = request.environment;
        all.emplace_back("GIT_HTTP_LOW_SPEED_LIMIT=1");
        all.emplace_back("GIT_HTTP_LOW_SPEED_TIME=" + std::to_string(silence_seconds));
        return all;
    }

    MemoryFile authority_;
    GitProcess git_;
};

/// The complete generation; nullopt when there is none.
std::optional<std::string> current_of(const std::string& volume) {
    std::string target(256, '\0');
    const ssize_t size =
        ::readlink((volume + "/" + kCurrent).c_str(), target.data(), target.size());
    if (size <= 0) return std::nullopt;
    target.resize(static_cast<std::size_t>(size));
    return volume + "/" + base_name(target);
}

std::uint64_t pack_bytes(const std::string& repository) {
    const UniqueFd packs = enter_directory(repository + kPacks);
    std::uint64_t bytes = 0;
    for (const auto& entry : entries_of(packs.get())) {
        if (entry.type == S_IFREG)
            bytes += static_cast<std::uint64_t>(size_in(packs.get(), entry.name));
    }
    return bytes;
}

/// Not while somebody copies: it may be a former generation.
void remove_others(const std::string& volume, const std::optional<std::string>& kept) {
    const Lock readers(volume + "/" + kReadLock, LOCK_EX | LOCK_NB);
    if (!readers.held()) return;
    const UniqueFd top = enter_directory(volume);
    for (const auto& entry : entries_of(top.get())) {
        const bool link = entry.name == kCurrent && kept;
        if (link || entry.name == kFillLock || entry.name == kReadLock) continue;
        if (kept && volume + "/" + entry.name == *kept) continue;
        remove_tree(top.get(), entry.name);
    }
}

void publish(const std::string& volume, const std::string& name) {
    const std::string next = volume + "/" + kNext;
    ::sync();
    if (::symlink(name.c_str(), next.c_str()) != 0) fail_errno("make the link " + next);
    const std::string current = volume + "/" + kCurrent;
    if (::rename(next.c_str(), current.c_str()) != 0) fail_errno("replace the link " + current);
}

/// A new generation: of the former one, whose packs it shares by hard links, or empty.
void begin_generation(const MirrorRequest& request, const std::optional<std::string>& former,
                      const std::string& path) {
    const GitProcess git;
    if (former) {
        static_cast<void>(
            git.run({"clone", "--bare", "--local", "--quiet", "--no-tags", *former, path}));
        return;
    }
    static_cast<void>(
        git.run({"init", "--bare", "--quiet",
                 request.sha256 ? "--object-format=sha256" : "--object-format=sha1", path}));
}

std::string tips_of(const std::string& path) {
    return GitProcess().run({"-C", path, "for-each-ref", "--format=%(objectname)"});
}

/// What was deleted on the server goes with the next filling, too.
void tidy_generation(const std::string& path, const std::string& former_tips) {
    const GitProcess git;
    const std::string lost = former_tips.empty()
                                 ? std::string()
                                 : git.run({"-C", path, "rev-list", "-n", "1", "--stdin", "--not",
                                            "--branches", "--tags"},
                                           former_tips);
    const auto files = list_directory(path + kPacks).size();
    if (lost.empty() && files / 3 < kMostPacks) return;
    static_cast<void>(git.run({"-C", path, "repack", "-a", "-d", "-q"}));
}

/// The default branch, which a job without a branch of its own in the mirror begins with.
void note_head(const ServerGit& server, const MirrorRequest& request, const std::string& path) {
    constexpr std::string_view kPrefix = "ref: ";
    const std::string answer = server.git().run({"ls-remote", "--symref", request.url, "HEAD"});
    const auto end = answer.find('\t');
    if (!answer.starts_with(kPrefix) || end == std::string::npos) return;
    const std::string head = answer.substr(kPrefix.size(), end - kPrefix.size());
    static_cast<void>(GitProcess().run({"-C", path, "symbolic-ref", "HEAD", head}));
}

/// Within a file system the kernel may share the blocks; it refuses to do so between two.
ssize_t copy_some(int from, int into, std::size_t size) {
    const ssize_t shared = ::copy_file_range(from, nullptr, into, nullptr, size, 0);
    return shared < 0 && errno != EINTR ? ::sendfile(into, from, nullptr, size) : shared;
}

void copy_file(int from_directory, int to_directory, const std::string& name) {
    const UniqueFd from(::openat(from_directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!from) fail_errno("open " + name);
    const UniqueFd into(::openat(to_directory, name.c_str(),
                                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0444));
    if (!into) fail_errno("make " + name);
    off_t left = size_in(from_directory, name);
    while (left > 0) {
        const ssize_t count = copy_some(from.get(), into.get(), static_cast<std::size_t>(left));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_errno("copy " + name);
        if (count == 0) throw Failure("copy " + name + ": it is shorter than it was");
        left -= count;
    }
}

/// `size` bytes that end `behind` bytes before the end of the file; fewer when there are not so
/// many.
std::string text_before_end(int directory, const std::string& name, std::size_t size,
                            std::size_t behind) {
    const UniqueFd file(::openat(directory, name.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) fail_errno("open " + name);
    const off_t begin = size_in(directory, name) - static_cast<off_t>(size + behind);
    std::string text(size, '\0');
    const ssize_t count = begin < 0 ? 0 : ::pread(file.get(), text.data(), size, begin);
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
}

/// git names each object that it looks for in a pack that was cut off. An index ends with the
/// checksum of its pack and its own, a pack with its own (gitformat-pack).
void check_packs(int packs, std::size_t checksum_size) {
    for (const auto& entry : entries_of(packs)) {
        if (entry.type != S_IFREG || !entry.name.ends_with(".idx")) continue;
        const std::string pack = entry.name.substr(0, entry.name.size() - 4) + ".pack";
        const std::string noted = text_before_end(packs, entry.name, checksum_size, checksum_size);
        if (noted.size() != checksum_size ||
            noted != text_before_end(packs, pack, checksum_size, 0)) {
            throw Failure("the mirror is damaged: " + pack + " is not what its index says");
        }
    }
}

/// git looks for a pack by its index, so indexes come last.
std::uint64_t copy_packs(const std::string& repository, int target, bool sha256) {
    const UniqueFd packs = enter_directory(repository + kPacks);
    check_packs(packs.get(), sha256 ? 32 : 20);
    if (::mkdirat(target, "pack", 0777) != 0) fail_errno("make the directory pack");
    const UniqueFd into = enter_directory(target, "pack");
    ::fchmod(into.get(), 0777);
    std::uint64_t bytes = 0;
    for (const char* kind : {".pack", ".rev", ".idx"}) {
        for (const auto& entry : entries_of(packs.get())) {
            if (entry.type != S_IFREG || !entry.name.ends_with(kind)) continue;
            copy_file(packs.get(), into.get(), entry.name);
            bytes += static_cast<std::uint64_t>(size_in(into.get(), entry.name));
        }
    }
    return bytes;
}

/// As git's packed-refs, with names that no branch has.
std::string refs_text(const std::string& repository) {
    const std::string tips = tips_of(repository);
    std::string text;
    std::size_t number = 0;
    for (const auto& tip : split_text(tips, '\n')) {
        if (!tip.empty()) text += tip + " " + kMirrorRefs + std::to_string(number++) + "\n";
    }
    return text;
}

/// A pack of what its refs need: packed objects are copied, where a fetch would unpack them.
void pack_shallow(const std::string& work) {
    std::string input;
    const UniqueFd top = enter_directory(work);
    if (type_in(top.get(), "shallow") == S_IFREG) {
        for (const auto& commit : split_text(read_file_in(top.get(), "shallow"), '\n'))
            if (!commit.empty()) input += "--shallow " + commit + "\n";
    }
    input += tips_of(work);
    static_cast<void>(
        GitProcess().run({"-C", work, "pack-objects", "-q", "--revs", "--shallow", "--window=0",
                          "--delta-base-offset", work + kPacks + "/pack"},
                         input));
}

/// A repository with as much history as the job wants.
void make_shallow(const MirrorRequest& request, const std::string& repository,
                  const std::string& work) {
    const GitProcess git;
    std::vector<std::string> wanted;
    for (const std::string& name :
         {"refs/heads/" + request.ref, "refs/tags/" + request.ref, std::string("HEAD")}) {
        const bool there = git.succeeds({"-C", repository, "rev-parse", "-q", "--verify", name});
        if (there) wanted.push_back(name + ":" + kMirrorRefs + std::to_string(wanted.size()));
    }
    if (wanted.empty()) throw Failure("the mirror has no branch");
    begin_generation(request, std::nullopt, work);
    // Has no objects of its own, so the fetch only finds out where the history ends.
    write_file_in(enter_directory(work + "/objects/info").get(), "alternates",
                  repository + "/objects\n");
    std::vector<std::string> fetch{"-C",
                                   work,
                                   "fetch",
                                   "--quiet",
                                   "--no-tags",
                                   "--depth",
                                   std::to_string(request.depth),
                                   "file://" + repository};
    fetch.insert(fetch.end(), wanted.begin(), wanted.end());
    static_cast<void>(git.run(std::move(fetch)));
    pack_shallow(work);
}

std::string read_line(int fd) {
    std::string text;
    char byte = 0;
    while (read_some(fd, &byte, 1) == 1 && byte != '\n') text += byte;
    return text;
}

int wait_as_first_process(const std::string& seconds) {
    const auto limit = std::strtoul(seconds.c_str(), nullptr, 10);
    if (limit == 0) throw Failure("mirror wait needs a number of seconds");
    for (auto left = static_cast<unsigned>(limit); left > 0;) left = ::sleep(left);
    return 0;
}

}  // namespace

MirrorRequest parse_mirror_request(const std::string& json) {
    const Json value = Json::parse(json, nullptr, false);
    if (!value.is_object()) throw Failure("the request for a mirror is no JSON object");
    MirrorRequest request;
    request.url = base::text_at(value, "url");
    request.username = base::text_at(value, "username");
    request.password = base::text_at(value, "password");
    request.authority = base::text_at(value, "authority");
    request.ref = base::text_at(value, "ref");
    request.depth = value.value("depth", std::int64_t{0});
    request.sha256 = value.value("sha256", false);
    request.renew = value.value("renew", false);
    request.environment = value.value("environment", std::vector<std::string>{});
    return request;
}

void prove_mirror(const MirrorRequest& request) {
    const ServerGit server(request, kSilenceOfProof);
    static_cast<void>(server.git().run({"ls-remote", request.url, "HEAD"}));
}

MirrorAnswer fill_mirror(const MirrorRequest& request, const std::string& volume) {
    const Lock lock(volume + "/" + kFillLock, LOCK_EX | LOCK_NB);
    if (!lock.held()) return {"busy", 0};
    const auto former = current_of(volume);
    remove_others(volume, former);
    const std::string name = "g-" + std::to_string(now_us());
    const std::string path = volume + "/" + name;
    const auto used = request.renew ? std::nullopt : former;
    begin_generation(request, used, path);
    const std::string tips = used ? tips_of(path) : std::string();
    const ServerGit server(request, kSilenceOfFilling);
    static_cast<void>(
        server.git().run({"-C", path, "fetch", "--quiet", "--prune", "--no-write-fetch-head",
                          request.url, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"}));
    tidy_generation(path, tips);
    note_head(server, request, path);
    publish(volume, name);
    return {"done", pack_bytes(path)};
}

MirrorAnswer copy_mirror(const MirrorRequest& request, const std::string& volume,
                         const std::string& target, const std::string& work,
                         std::uint64_t most_whole_bytes) {
    const auto repository = current_of(volume);
    if (!repository) return {"empty", 0};
    const Lock lock(volume + "/" + kReadLock, LOCK_SH | LOCK_NB, O_RDONLY);
    if (!lock.held()) return {"busy", 0};
    const bool whole = request.depth == 0 || pack_bytes(*repository) <= most_whole_bytes;
    if (!whole) make_shallow(request, *repository, work);
    const std::string source = whole ? *repository : work;
    const UniqueFd parent = enter_directory(directory_name(target));
    const std::string name = base_name(target);
    remove_tree(parent.get(), name);
    if (::mkdirat(parent.get(), name.c_str(), 0777) != 0) fail_errno("make " + target);
    const UniqueFd into = enter_directory(parent.get(), name);
    ::fchmod(into.get(), 0777);
    const std::uint64_t bytes = copy_packs(source, into.get(), request.sha256);
    const UniqueFd from = enter_directory(source);
    if (type_in(from.get(), "shallow") == S_IFREG)
        write_file_in(into.get(), "shallow", read_file_in(from.get(), "shallow"));
    write_file_in(into.get(), "packed-refs", refs_text(source));
    for (const char* file : {"shallow", "packed-refs"}) ::fchmodat(into.get(), file, 0644, 0);
    return {"done", bytes};
}

int run_mirror_command(const std::vector<std::string>& words) {
    const std::string action = words.empty() ? "" : words.front();
    if (action == "wait") return wait_as_first_process(words.size() > 1 ? words[1] : "");
    Arguments arguments({words.begin() + (words.empty() ? 0 : 1), words.end()});
    const std::string volume = arguments.take_value("--volume");
    const std::string target = arguments.take_value("--target");
    const std::string work = arguments.take_value("--work");
    arguments.expect_none();
    const MirrorRequest request = parse_mirror_request(read_line(STDIN_FILENO));
    MirrorAnswer answer{"done", 0};
    if (action == "prove") {
        prove_mirror(request);
    } else if (action == "fill") {
        answer = fill_mirror(request, volume);
    } else if (action == "copy") {
        answer = copy_mirror(request, volume, target, work);
    } else {
        throw Failure("unknown action for a mirror: " + action);
    }
    const Json line{{"state", answer.state}, {"bytes", answer.bytes}};
    return write_all(STDOUT_FILENO, line.dump() + "\n") ? 0 : 1;
}

}  // namespace executors::helper
