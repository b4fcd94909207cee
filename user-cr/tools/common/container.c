// SPDX-License-Identifier: GPL-2.0-only
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "container.h"

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
