#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/notifier.hpp"
#include "base/task.hpp"

namespace executors::docker {

/// Who pulls an image of one engine now: one at a time, whatever login each of them has.
///
/// Life: longer than every ImageTurn. Strand: the I/O thread.
class ImageTurns {
  public:
    explicit ImageTurns(const boost::asio::any_io_executor& executor) : executor_(executor) {}

  private:
    friend class ImageTurn;
    struct Line {
        explicit Line(const boost::asio::any_io_executor& executor) : changed(executor) {}
        bool taken = false;
        std::int64_t job = 0;  ///< that has the turn, or had it last
        int length = 0;        ///< turns that wait, are taken, or were given back for a while
        base::Notifier changed;
    };
    boost::asio::any_io_executor executor_;
    std::map<std::string, Line> lines_;  ///< by image; only those with turns
};

/// One turn, given back at the end of its scope, however that ends.
class ImageTurn {
  public:
    /// Waits in the line of `image`. `job`: PullRequest::job.
    ImageTurn(ImageTurns& turns, const std::string& image, std::int64_t job);
    ~ImageTurn();
    ImageTurn(const ImageTurn&) = delete;
    ImageTurn& operator=(const ImageTurn&) = delete;

    /// The job whose turn it is, when it is another turn than this one.
    [[nodiscard]] std::optional<std::int64_t> other() const;
    /// Returns when it is this turn. At once when it is already.
    base::Task<void> take();
    /// Lets others pull, until the next take().
    void give_back();

  private:
    using Lines = std::map<std::string, ImageTurns::Line>;

    Lines& lines_;
    Lines::iterator line_;
    std::int64_t job_;
    bool mine_ = false;
};

}  // namespace executors::docker
