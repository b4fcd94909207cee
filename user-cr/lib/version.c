// SPDX-License-Identifier: LGPL-2.1-only
#include <checkpoint/checkpoint.h>

const char *ckpt_version(void)
{
	return CKPT_VERSION;
}
