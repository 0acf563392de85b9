#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

/// `runner-helper mirror`: a mirror of a repository in a volume, from which the first clone of a
/// job takes its objects. It works in containers of the runner's own, never in that of a job. They
/// have the files of a job's image: git runs no shell there.
///
/// The volume has generations, each a bare repository in a directory of its own; the link `current`
/// names the one that is complete. A generation becomes visible by a rename. One that could not be
/// completed is removed at once; when the filling is killed, by the next one. One filling at a time
/// has the lock.
namespace executors::helper {

struct MirrorRequest {
    std::string url;  ///< without credentials
    std::string username;
    std::string password;
    std::string authority;  ///< PEM, beside the authorities that come with the runner's git
    std::string ref;        ///< branch or tag of the job
    std::int64_t depth = 0;
    bool sha256 = false;
    bool renew = false;                    ///< take nothing of the generation that is there
    std::vector<std::string> environment;  ///< proxies, "NAME=value"
};

/// Throws Failure for a text that is no request.
MirrorRequest parse_mirror_request(const std::string& json);

/// To copy 479 MB took 0.9 s where a smaller pack of the objects for 20 commits took 4 s, and a
/// fetch of them 10 s (`./dev bench --only mirror` shows the first).
inline constexpr std::uint64_t kMostWholeBytes = std::uint64_t{1} << 30U;

inline constexpr std::chrono::seconds kProofLimit{30};

struct FillLimits {
    std::chrono::seconds time{480};
    /// Of packs. The disk sets another limit: a twentieth of it stays free.
    std::uint64_t most_bytes = std::uint64_t{10} << 30U;
};

struct MirrorAnswer {
    /// "done"; "busy": another one fills it; "empty": nothing to copy; "refused": by the server;
    /// "silent": the server did not answer in time
    std::string state;
    std::uint64_t bytes = 0;             ///< of packs: copied, or in the mirror
    std::string reason = {};             ///< of "refused": what git said
    std::chrono::milliseconds proof{0};  ///< how long the server took to say whether it gives it
};

/// Where seed_mirror() copies, and how.
struct MirrorPlaces {
    std::string volume;  ///< the mirror's
    std::string target;  ///< the new directory
    std::string work;    ///< a directory that does not exist, for history that is made smaller
    std::uint64_t most_whole_bytes = kMostWholeBytes;
    bool nameless_files = true;  ///< false: as in a file system that has none
};

/// Asks the server with the token of the request: "done", or "refused" or "silent" when it does not
/// give the repository. Throws Failure when it cannot be asked.
MirrorAnswer prove_mirror(const MirrorRequest& request,
                          std::chrono::milliseconds limit = kProofLimit);
/// Makes the mirror in `volume` equal to the server's branches and tags. Throws Failure; the
/// generation that was there stays then.
MirrorAnswer fill_mirror(const MirrorRequest& request, const std::string& volume,
                         const FillLimits& limits = {});
/// Copies what a clone of `request.ref` needs into the new directory `places.target`
/// (seed_repository() takes it from there), once the server has given prove_mirror() the
/// repository. The server is asked meanwhile: before its answer, no other program can open the
/// copy. With a depth, only that much history of a mirror that has more than `most_whole_bytes`.
/// Throws Failure.
MirrorAnswer seed_mirror(const MirrorRequest& request, const MirrorPlaces& places);

/// `wait SECONDS`; `fill --volume DIR --limit SECONDS`; `seed --volume DIR --target DIR --work
/// DIR`. The request is a line of JSON on standard input, the answer one on standard output.
int run_mirror_command(const std::vector<std::string>& words);

/// The prefix of refs that name what was copied, in the job's repository until its fetch has ended.
inline constexpr const char* kMirrorRefs = "refs/runner-mirror/";

}  // namespace executors::helper
