/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is who in the images of lib/model.c, for tests that forge them
 */
#ifndef CKPT_TEST_WHO_H
#define CKPT_TEST_WHO_H

#include "test.h"

#include <linux/capability.h>

#include "forged.h"
#include "odd.h"

#define NOBODY_HAS	4000	/* an id that no task of the model has */
#define SOME_ROOM	(64 << 10)

enum who { ROOT, OWN_THREAD, PLAIN_THREAD, ENDED, STOPPED, ASLEEP, ENDED_OF_THREAD, GHOST };

/* In the order of the image: threads, children of the first one, those of others */
static __maybe_unused struct ckpt_record *task_record(struct image *i, enum who who)
{
	return image_record(i, CKPT_REC_TASK, who);
}

static __maybe_unused struct ckpt_task *task(struct image *i, enum who who)
{
	return record_body(task_record(i, who));
}

/* Its first record of @type, or NULL */
static __maybe_unused struct ckpt_record *record_of(struct image *i, enum who who, uint32_t type)
{
	uint32_t owner = task_record(i, who)->id;
	struct ckpt_record *rec;
	unsigned int n;

	for (n = 0; (rec = image_record(i, type, n)); n++) {
		if (rec->owner == owner)
			return rec;
	}
	return NULL;
}

static __maybe_unused void *body_of(struct image *i, enum who who, uint32_t type)
{
	return record_body(record_of(i, who, type));
}

#define STATE(who)	((struct ckpt_task_state *)body_of(&bad, who, CKPT_REC_TASK_STATE))

/* The caller loses some of its capabilities. */
static __maybe_unused int change_caps(uint64_t without)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -1;
	data[0].permitted &= ~without;
	data[1].permitted &= ~(without >> 32);
	data[0].effective = data[0].permitted;
	data[1].effective = data[1].permitted;
	data[0].inheritable = 0;
	data[1].inheritable = 0;
	return syscall(SYS_capset, &head, data);
}

/* In all credentials of the image */
static __maybe_unused void forge_caps(struct image *i, uint64_t without)
{
	struct ckpt_record *rec;
	struct ckpt_cred *cred;
	unsigned int n;

	for (n = 0; (rec = image_record(i, CKPT_REC_CRED, n)); n++) {
		cred = record_body(rec);
		cred->cap_permitted &= ~without;
		cred->cap_effective = cred->cap_permitted;
		cred->cap_inheritable = 0;
		cred->suid = 0;
	}
}

#endif /* CKPT_TEST_WHO_H */
