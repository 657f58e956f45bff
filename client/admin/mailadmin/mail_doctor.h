// What a doctor looks for in a mail plane.
#pragma once

#include "doctor/machine.h"
#include "doctor/report.h"
#include "doctor/subject.h"

namespace letterlock::mailadmin {

doctor::Report ExamineMailPlane(const doctor::Request& request, const doctor::Machine& machine);

}  // namespace letterlock::mailadmin
