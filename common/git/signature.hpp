// Whether a commit is signed by one of some keys: OpenPGP signatures are checked by `gpgv`, those of ssh by
// `ssh-keygen -Y verify`. Only the keys given count; no key ring of a user is read and no key server is asked.
#pragma once

#include <string>
#include <vector>

#include "base/environment.hpp"
#include "git/working_copy.hpp"

namespace git {

// `keys`: armored OpenPGP blocks, or lines as in an authorized_keys file. Error{denied} for a commit that is not
// signed by one of them, {usage} for a key that is not valid (naming `field`) and for a program that is missing.
void verify_signature(const WorkingCopy& copy, const ObjectId& commit, const std::vector<std::string>& keys,
                      const std::string& field, const base::Environment& environment);

}  // namespace git
