// How a file's content differs in a checkout from what the repository holds (git's convert.c): expanded $Id$, line
// endings, and another encoding, in that order. No filter of a configuration is ever run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "git/attributes.hpp"
#include "git/field_names.hpp"
#include "git/object_id.hpp"

namespace git {

// core.autocrlf and core.eol, as a configuration has them.
struct LineEndings {
  enum class Automatic { off, on, input } automatic = Automatic::off;
  enum class Native { lf, crlf } native = Native::lf;

  // Nothing for settings that are not given.
  [[nodiscard]] static LineEndings of(const std::optional<std::string>& autocrlf,
                                      const std::optional<std::string>& eol);
};

// A conversion that needs no more than a little of the content at once. Git converts so whatever it can (its "stream
// filters"), and finds fewer keywords than it does in a content as a whole: "$$Id$" is not one here.
class StreamConversion {
 public:
  // `id`: the content's own name where keywords are expanded.
  StreamConversion(std::optional<ObjectId> id, bool to_crlf) : id_(std::move(id)), to_crlf_(to_crlf) {}

  // What the next piece of the content becomes, as far as that is known.
  [[nodiscard]] std::string convert(std::string_view bytes);
  // What was held back.
  [[nodiscard]] std::string finish();

 private:
  void take(char c, std::string& output);
  void put(std::string_view bytes, std::string& output);
  void drain(std::string& output);

  std::optional<ObjectId> id_;
  bool to_crlf_;
  std::string kept_;          // of a keyword that may be one
  std::size_t met_ = 0;       // letters of "$Id" that came last
  bool is_skipping_ = false;  // within "$Id: ... $"
  bool after_cr_ = false;
};

class Conversion {
 public:
  // What a file's attributes ask for. Error{usage} for a working-tree-encoding that git itself refuses.
  Conversion(const Attributes::Values& attributes, const LineEndings& endings);

  // Contents stay as they are, whatever they are.
  [[nodiscard]] bool is_none() const { return !ident_ && crlf_ == Crlf::none && encoding_.empty(); }
  // Whether it can be done, and by git is done, piece by piece.
  [[nodiscard]] bool streams() const { return encoding_.empty() && crlf_ != Crlf::automatic; }
  [[nodiscard]] StreamConversion stream(const ObjectId& blob) const {
    return {ident_ ? std::optional(blob) : std::nullopt, crlf_ == Crlf::text};
  }

  struct Result {
    std::optional<std::string> content;  // nothing where it stays as it is
    // The encoding that the content could not be given, as git goes on without: it is not text in UTF-8, or has
    // characters that the encoding has not.
    std::string not_encoded;
  };
  // For one that does not stream. `blob` is the content's own name. Error{usage} for an encoding that is not known here
  // and would change the content.
  [[nodiscard]] Result apply(std::string_view content, const ObjectId& blob, const FieldNames& fields) const;

 private:
  enum class Crlf {
    none,
    text,       // every line ends with it
    automatic,  // in what looks like text, and has no carriage return yet
  };

  bool ident_ = false;
  Crlf crlf_ = Crlf::none;
  std::string encoding_;
};

}  // namespace git
