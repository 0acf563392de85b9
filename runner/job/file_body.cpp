#include "runner/job/file_body.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace runner::job {

using base::Result;
using base::Task;

namespace {

class FileBody {
  public:
    FileBody(executors::session::Session& session, std::string path, std::string user,
             std::uint64_t offset, std::uint64_t count)
        : session_(session),
          path_(std::move(path)),
          user_(std::move(user)),
          offset_(offset),
          left_(count) {}

    Task<Result<std::string>> next() {
        if (!file_) {
            auto opening = session_.open_file(path_, user_, offset_);
            auto file = co_await std::move(opening);
            if (!file) co_return file.error();
            file_ = std::move(*file);
        }
        if (left_ > 0) {
            auto reading = file_->next();
            auto bytes = co_await std::move(reading);
            if (!bytes || bytes->empty()) co_return std::move(bytes);
            bytes->resize(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes->size())));
            left_ -= bytes->size();
            co_return std::move(bytes);
        }
        co_return std::string();
    }

  private:
    executors::session::Session& session_;
    std::string path_;
    std::string user_;
    std::uint64_t offset_;
    std::uint64_t left_;
    std::unique_ptr<executors::session::RemoteFile> file_;
};

}  // namespace

protocol::http::BodySource file_body(executors::session::Session& session, std::string path,
                                     std::string user, std::uint64_t offset, std::uint64_t count) {
    const auto body =
        std::make_shared<FileBody>(session, std::move(path), std::move(user), offset, count);
    return [body] { return body->next(); };
}

}  // namespace runner::job
