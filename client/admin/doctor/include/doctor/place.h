// Where a path of a configuration leads: a mistaken line names anything on the machine, and what a
// doctor prints is typed by root.
#pragma once

#include <sys/types.h>

#include <string>

#include "doctor/subject.h"

namespace letterlock::doctor {

// Whether it is a directory or file of the deployment alone: below its configuration's directory,
// with links resolved, and that one is no directory that the system has for everybody. Of anything
// else a mend never says to change what is below it.
bool IsOfDeployment(const Subject& subject, const std::string& path);

// Whether it is a directory that everybody's programs use: /run, /tmp, /var/lib.
bool IsOfSystem(const std::string& path);

// Whether nobody but this user (and root) gets into the directory: whoever answers at a socket in
// it is that user's. False if it is not there.
bool IsPrivateTo(uid_t user, const std::string& directory);

}  // namespace letterlock::doctor
