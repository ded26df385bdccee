// How the head of a branch lies to the version that Concourse knows.
#pragma once

namespace source {

enum class Course {
  onward,  // the head comes from it by first parents, or is it
  apart,   // after a force push, or where it was merged from beside the line
  behind,  // the branch was set back: the head is one of its ancestors
};

}  // namespace source
