// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privilege.h"
#include "util.h"

static bool is_ambient(unsigned int cap)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1;
}

/*
 * Of what who is not root may use after execve(), the rest is from the file. What can
 * be inherited he has been given as his own, as by pam_cap(8), and the file only lets
 * it through.
 */
static bool has_capabilities_of_file(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	uint64_t extra;
	unsigned int cap;

	if (!getuid() || syscall(SYS_capget, &header, data) < 0)
		return false;
	extra = (data[0].permitted & ~data[0].inheritable) |
		(uint64_t)(data[1].permitted & ~data[1].inheritable) << 32;
	for (cap = 0; extra >> cap; cap++)
		if (extra >> cap & 1 && !is_ambient(cap))
			return true;
	return false;
}

void refuse_borrowed_privileges(int status)
{
	if (getuid() == geteuid() && getgid() == getegid() &&
	    !has_capabilities_of_file())
		return;
	complain("it is installed setuid, setgid or with file capabilities, and would use them for whatever it is told: take them off, and give the capabilities to those who may have them");
	exit(status);
}
