// SPDX-License-Identifier: GPL-2.0-only
#include <fnmatch.h>
#include <stddef.h>

#include "cgroup_files.h"
#include "util.h"

/**
 * struct file - files of a control group
 * @name: a pattern; the first one that fits counts
 * @kind: what they are
 */
struct file {
	const char *name;
	enum cgroup_file_kind kind;
};

/* The order of the settings is the order in which they are written. */
static const struct file version_2[] = {
	{ "cgroup.type", CGROUP_FILE_SETTING },
	{ "cpuset.cpus", CGROUP_FILE_SETTING },
	{ "cpuset.mems", CGROUP_FILE_SETTING },
	{ "cpuset.cpus.exclusive", CGROUP_FILE_SETTING },
	{ "cpuset.cpus.partition", CGROUP_FILE_SETTING },
	{ "cgroup.subtree_control", CGROUP_FILE_ENABLED },
	{ "cgroup.max.depth", CGROUP_FILE_SETTING },
	{ "cgroup.max.descendants", CGROUP_FILE_SETTING },
	{ "cgroup.pressure", CGROUP_FILE_SETTING },
	{ "cgroup.freeze", CGROUP_FILE_FREEZER },
	{ "cgroup.procs", CGROUP_FILE_PASSING },
	{ "cgroup.threads", CGROUP_FILE_PASSING },
	{ "cgroup.kill", CGROUP_FILE_PASSING },
	{ "cpu.weight", CGROUP_FILE_SETTING },
	{ "cpu.weight.nice", CGROUP_FILE_PASSING },	/* the same once more */
	{ "cpu.idle", CGROUP_FILE_SETTING },
	{ "cpu.max", CGROUP_FILE_SETTING },
	{ "cpu.max.burst", CGROUP_FILE_SETTING },
	{ "cpu.uclamp.min", CGROUP_FILE_SETTING },
	{ "cpu.uclamp.max", CGROUP_FILE_SETTING },
	{ "memory.min", CGROUP_FILE_SETTING },
	{ "memory.low", CGROUP_FILE_SETTING },
	{ "memory.high", CGROUP_FILE_SETTING },
	{ "memory.max", CGROUP_FILE_SETTING },
	{ "memory.oom.group", CGROUP_FILE_SETTING },
	{ "memory.swap.high", CGROUP_FILE_SETTING },
	{ "memory.swap.max", CGROUP_FILE_SETTING },
	{ "memory.zswap.max", CGROUP_FILE_SETTING },
	{ "memory.zswap.writeback", CGROUP_FILE_SETTING },
	{ "memory.reclaim", CGROUP_FILE_PASSING },
	{ "memory.peak", CGROUP_FILE_PASSING },
	{ "memory.swap.peak", CGROUP_FILE_PASSING },
	{ "pids.max", CGROUP_FILE_SETTING },
	{ "io.weight", CGROUP_FILE_LINES },
	{ "io.bfq.weight", CGROUP_FILE_LINES },
	{ "io.max", CGROUP_FILE_LINES },
	{ "io.latency", CGROUP_FILE_LINES },
	{ "io.prio.class", CGROUP_FILE_SETTING },
	{ "hugetlb.*.max", CGROUP_FILE_SETTING },
	{ "rdma.max", CGROUP_FILE_LINES },
	{ "misc.max", CGROUP_FILE_LINES },
	{ "dmem.min", CGROUP_FILE_LINES },
	{ "dmem.low", CGROUP_FILE_LINES },
	{ "dmem.max", CGROUP_FILE_LINES },
	{ "*.pressure", CGROUP_FILE_PASSING },	/* triggers are those of files */
};

static const struct file version_1[] = {
	{ "cgroup.clone_children", CGROUP_FILE_SETTING },
	{ "notify_on_release", CGROUP_FILE_SETTING },
	{ "cgroup.procs", CGROUP_FILE_PASSING },
	{ "cgroup.event_control", CGROUP_FILE_PASSING },
	{ "tasks", CGROUP_FILE_PASSING },
	{ "freezer.state", CGROUP_FILE_FREEZER },
	{ "cpuset.cpus", CGROUP_FILE_SETTING },
	{ "cpuset.mems", CGROUP_FILE_SETTING },
	{ "cpuset.cpu_exclusive", CGROUP_FILE_SETTING },
	{ "cpuset.mem_exclusive", CGROUP_FILE_SETTING },
	{ "cpuset.mem_hardwall", CGROUP_FILE_SETTING },
	{ "cpuset.memory_migrate", CGROUP_FILE_SETTING },
	{ "cpuset.memory_spread_*", CGROUP_FILE_SETTING },
	{ "cpuset.sched_load_balance", CGROUP_FILE_SETTING },
	{ "cpuset.sched_relax_domain_level", CGROUP_FILE_SETTING },
	{ "cpu.shares", CGROUP_FILE_SETTING },
	{ "cpu.idle", CGROUP_FILE_SETTING },
	{ "cpu.cfs_period_us", CGROUP_FILE_SETTING },
	{ "cpu.cfs_quota_us", CGROUP_FILE_SETTING },
	{ "cpu.cfs_burst_us", CGROUP_FILE_SETTING },
	{ "cpu.rt_period_us", CGROUP_FILE_SETTING },
	{ "cpu.rt_runtime_us", CGROUP_FILE_SETTING },
	{ "cpu.uclamp.min", CGROUP_FILE_SETTING },
	{ "cpu.uclamp.max", CGROUP_FILE_SETTING },
	{ "cpuacct.usage", CGROUP_FILE_PASSING },	/* counts, or is reset */
	{ "memory.use_hierarchy", CGROUP_FILE_PASSING },
	{ "memory.limit_in_bytes", CGROUP_FILE_SETTING },
	{ "memory.memsw.limit_in_bytes", CGROUP_FILE_SETTING },
	{ "memory.soft_limit_in_bytes", CGROUP_FILE_SETTING },
	{ "memory.kmem.tcp.limit_in_bytes", CGROUP_FILE_SETTING },
	{ "memory.swappiness", CGROUP_FILE_SETTING },
	{ "memory.kmem.limit_in_bytes", CGROUP_FILE_PASSING },	/* does nothing */
	{ "memory.force_empty", CGROUP_FILE_PASSING },
	{ "memory.pressure_level", CGROUP_FILE_PASSING },
	{ "*.failcnt", CGROUP_FILE_PASSING },
	{ "*.max_usage_in_bytes", CGROUP_FILE_PASSING },
	{ "memory.oom_control", CGROUP_FILE_FLAG },
	{ "memory.move_charge_at_immigrate", CGROUP_FILE_SETTING },
	{ "devices.deny", CGROUP_FILE_DEVICES },
	{ "devices.allow", CGROUP_FILE_DEVICES },
	{ "pids.max", CGROUP_FILE_SETTING },
	{ "net_cls.classid", CGROUP_FILE_SETTING },
	{ "net_prio.ifpriomap", CGROUP_FILE_LINES },
	{ "hugetlb.*.limit_in_bytes", CGROUP_FILE_SETTING },
	{ "rdma.max", CGROUP_FILE_LINES },
	{ "misc.max", CGROUP_FILE_LINES },
	{ "blkio.reset_stats", CGROUP_FILE_PASSING },
	{ "blkio.*weight*", CGROUP_FILE_LINES },
	{ "blkio.throttle.*_device", CGROUP_FILE_LINES },
};

enum cgroup_file_kind cgroup_file_kind(int version, const char *name, int *rank)
{
	const struct file *table = version == 2 ? version_2 : version_1;
	size_t nr = version == 2 ? ARRAY_SIZE(version_2) :
		ARRAY_SIZE(version_1);
	size_t i;

	for (i = 0; i < nr; i++) {
		if (fnmatch(table[i].name, name, 0))
			continue;
		*rank = i;
		return table[i].kind;
	}
	*rank = nr;
	return CGROUP_FILE_UNKNOWN;
}
