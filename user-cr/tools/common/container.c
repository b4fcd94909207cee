// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "container.h"
#include "util.h"

int container_private_mounts(void)
{
	return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

int container_mount_proc(void)
{
	return mount("proc", "/proc", "proc",
		     MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

int container_loopback_up(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request;
	int ret;

	if (fd < 0)
		return -1;
	memset(&request, 0, sizeof(request));
	strcpy(request.ifr_name, "lo");
	ret = ioctl(fd, SIOCGIFFLAGS, &request);
	if (!ret) {
		request.ifr_flags |= IFF_UP;
		ret = ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
	return ret;
}

/* All ids as they are if we may; otherwise our own becomes root. */
static int map_ids(pid_t pid, const char *file, unsigned int id)
{
	char text[40];

	if (!geteuid() && !write_proc_file(pid, file, "0 0 4294967295"))
		return 0;
	snprintf(text, sizeof(text), "0 %u 1", id);
	return write_proc_file(pid, file, text);
}

int container_map_user(pid_t pid)
{
	if (geteuid() && write_proc_file(pid, "setgroups", "deny") < 0)
		return -1;
	if (map_ids(pid, "uid_map", geteuid()) < 0)
		return -1;
	return map_ids(pid, "gid_map", getegid());
}
