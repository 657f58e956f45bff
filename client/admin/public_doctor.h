// What a doctor looks for in a public plane.
#pragma once

#include "doctor/machine.h"
#include "doctor/report.h"
#include "doctor/subject.h"

namespace letterlock::admin {

doctor::Report ExaminePublicPlane(const doctor::Request& request, const doctor::Machine& machine);

}  // namespace letterlock::admin
