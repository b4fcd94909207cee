#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Real programs, unmodified, in the middle of their work: each is run once
# without interruption, and once with a checkpoint, a kill and a restart in the
# middle. Both must print the same.
#
# shellcheck disable=SC2016,SC2317	# variables are the programs' own, not ours;
# conditions are called through wait_until
set -uo pipefail

readonly MB=$((1 << 20))
number=0 failed=0
scale=${CKPT_TEST_SCALE:-1}

# The same work in each language: a generator of numbers, a table or sum that it
# feeds, and a digest of that. The file "half" appears after a third of it.

readonly SHELL_WORK='
i=0 x=1 sum=0
while [ $i -lt $STEPS ]; do
	x=$(((x * 1103515245 + 12345) % 2147483648))
	sum=$(((sum * 31 + x) % 1000000007))
	i=$((i + 1))
	if [ $i -eq $((STEPS / 3)) ]; then : >half; fi
done
echo "$i steps, sum $sum, last $x"'

readonly PERL_WORK='
my ($x, $sum, @t) = (1, 0);
for my $i (1 .. $ENV{STEPS}) {
	$x = ($x * 1103515245 + 12345) % 2147483648;
	$t[$x % 50000] .= $i % 10;
	if ($i == int($ENV{STEPS} / 3)) { open(my $f, ">", "half"); close($f); }
}
$sum = ($sum * 31 + length($t[$_] // "") * ($_ + 1)) % 1000000007 for 0 .. $#t;
print scalar(@t), " entries, sum $sum, last $x\n";'

readonly PYTHON_WORK='
import os, hashlib
n = int(os.environ["STEPS"])
x, table = 1, {}
for i in range(n):
    x = (x * 1103515245 + 12345) % 2147483648
    table[x % 50000] = table.get(x % 50000, 0) * 3 + i
    if i == n // 3:
        open("half", "w").close()
print(len(table), "entries", hashlib.sha256(repr(sorted(table.items())).encode()).hexdigest(), x)'

readonly AWK_WORK='
BEGIN {
	x = 1
	for (i = 1; i <= ENVIRON["STEPS"]; i++) {
		x = (x * 69069 + 1) % 4294967296
		t[x % 50000] += i
		if (i == int(ENVIRON["STEPS"] / 3)) { printf "" > "half"; close("half") }
	}
	for (k = 0; k < 50000; k++)
		sum = (sum * 31 + t[k]) % 1000000007
	print length(t) " entries, sum " sum ", last " x
}'

# Four threads with a queue and a lock, and one that looks on
readonly THREADS_WORK='
import os, hashlib, queue, threading
n = int(os.environ["STEPS"])
work, lock, results = queue.Queue(100), threading.Lock(), {}

def worker():
    while (i := work.get()) is not None:
        digest = hashlib.sha256(b"%d" % i).hexdigest()
        with lock:
            results[i] = digest
        work.task_done()

over = threading.Event()
seen = []

def watch():
    while not over.wait(0.01):
        seen.append(len(results))

threads = [threading.Thread(target=worker) for _ in range(4)] + [threading.Thread(target=watch)]
for t in threads:
    t.start()
for i in range(n):
    work.put(i)
    if i == n // 3:
        open("half", "w").close()
work.join()
for t in threads[:4]:
    work.put(None)
over.set()
for t in threads:
    t.join()
print(len(results), seen == sorted(seen), hashlib.sha256(repr(sorted(results.items())).encode()).hexdigest())'

# Processes that get work and give results by pipes; their parent has threads.
readonly PROCESSES_WORK='
import os, hashlib, threading, multiprocessing as mp
n = int(os.environ["STEPS"])

def child(get, put):
    while (i := get.recv()) is not None:
        put.send((i, hashlib.sha256(b"%d" % i).hexdigest()))

def feed(put, first):
    for i in range(first, n, 3):
        put.send(i)
        if i == n // 3:
            open("half", "w").close()
    put.send(None)

def drain(get, results):
    for _ in range(len(range(results[0], n, 3))):
        results.append(get.recv())

mp.set_start_method("fork")
all, processes, threads = [], [], []
for first in range(3):
    tasks, results, found = mp.Pipe(False), mp.Pipe(False), [first]
    processes.append(mp.Process(target=child, args=(tasks[0], results[1])))
    threads += [(feed, (tasks[1], first)), (drain, (results[0], found))]
    all.append(found)
for p in processes:
    p.start()
threads = [threading.Thread(target=f, args=a) for f, a in threads]
for t in threads:
    t.start()
for t in threads:
    t.join()
for p in processes:
    p.join()
print([len(a) for a in all], [p.exitcode for p in processes], hashlib.sha256(repr(all).encode()).hexdigest())'

# A job that is stopped, one in the background, a pipeline of four, and one that
# has ended, whose status nobody has asked for.
readonly JOBS_WORK='
set -m
exec 2>/dev/null
numbers() {
	i=0 x=1
	while [ $i -lt $STEPS ]; do
		x=$(((x * 1103515245 + 12345) % 2147483648))
		echo $x
		i=$((i + 1))
	done
}
sh -c "kill -STOP \$\$; echo continued" >stopped.out &
stopped=$!
sh -c "exit 5" &
ended=$!
numbers >background.out &
background=$!
numbers | cat | tr 0-9 a-j | cksum >pipe.out &
pipe=$!
while [ -z "$(jobs -s)" ]; do sleep 0.05; done
: >half
wait $pipe && wait $background && echo "both are done"
wait $ended
echo "status $?"
kill -CONT $stopped
while kill -0 $stopped; do sleep 0.05; done
cat stopped.out pipe.out
cksum <background.out
rm -f *.out'

# Nine files are compiled by the built-in rule, and the program is run.
readonly MAKE_WORK='
parts := $(foreach i,1 2 3 4 5 6 7 8,part$(i).o)
CFLAGS := -O2

run: program
	./program && rm -f program *.o
program: main.o $(parts)
	$(CC) -o $@ $^'

# A pool of threads, beside those that the virtual machine has anyway; what they
# do is compiled while they do it.
readonly JAVA_WORK='
import java.io.File;
import java.util.*;
import java.util.concurrent.*;

public class Work {
	static final Map<Integer, Long> results = new TreeMap<>();

	static long digest(long x) {
		for (int i = 0; i < 10000; i++)
			x = x * 6364136223846793005L + 1442695040888963407L;
		return x;
	}

	static long step(int i, int n) throws Exception {
		long digest = digest(i);
		synchronized (results) {
			results.merge(i % 5000, digest, Long::sum);
		}
		if (i == n / 3)
			new File("half").createNewFile();
		return digest;
	}

	public static void main(String[] args) throws Exception {
		int n = Integer.parseInt(args[0]);
		ExecutorService pool = Executors.newFixedThreadPool(8);
		List<Future<Long>> all = new ArrayList<>();
		for (int i = 0; i < n; i++) {
			int number = i;
			all.add(pool.submit(() -> step(number, n)));
		}
		long sum = 0;
		for (Future<Long> one : all)
			sum = sum * 31 + one.get();
		pool.shutdown();
		System.out.println(results.size() + " entries, sum " + sum + ", " + results.hashCode());
	}
}'

say() { printf '# %s\n' "$*"; }

ok() {
	number=$((number + 1))
	printf 'ok %d %s\n' "$number" "$*"
}

not_ok() {
	number=$((number + 1)) failed=$((failed + 1))
	printf 'not ok %d %s\n' "$number" "$*"
}

skip() { ok "$1 # SKIP $2"; }

# wait_until SECONDS CONDITION...: 0 when it came true
wait_until() {
	local tries=$(($1 * 20 * scale * 6))
	shift
	while ((tries-- > 0)); do
		"$@" 2>/dev/null && return
		sleep 0.05
	done
	return 1
}

exists() { [[ -e $1 ]]; }
gone() { [[ ! -e /proc/$1 ]]; }
nonempty() { [[ -s $1 ]]; }

installed() { command -v "$1" >/dev/null; }

# cpu_time PID HUNDREDTHS: whether it has used so much
cpu_time() {
	local stat
	stat=$(<"/proc/$1/stat") || return 1
	# shellcheck disable=SC2086	# into words
	set -- "$2" ${stat##*) }
	((${13} + ${14} >= $1))
}

# read_beyond PID FD BYTES: whether the file is read so far
read_beyond() {
	local pos
	pos=$(awk '$1 == "pos:" { print $2 }' "/proc/$1/fdinfo/$2") || return 1
	((pos >= $3))
}

# compiling PID: whether it does four things at once and has done one of them
compiling() {
	(($(pgrep -c -P "$1") >= 4)) && [[ -n $(find . -name 'part*.o') ]]
}

# pongs COMMAND...: whether it says so
pongs() { [[ $("$@") == PONG ]]; }

# comes_to CONDITION...: that is its middle, or it has ended meanwhile
comes_to() { "$@" || ! exists "/proc/$pid"; }

# begin NAME MIDDLE COMMAND: starts it, as the variable pid, and waits for its
# middle. Output goes to the file "out".
begin() {
	local name=$1 middle=$2 command=$3
	local -a condition

	if ! ns_exec -cpuim -d -P pid -- bash -c "$command" >out 2>&1 </dev/null ||
	   ! wait_until 10 nonempty pid; then
		not_ok "$name: ns_exec"
		sed 's/^/# /' out
		return 1
	fi
	pid=$(<pid)
	read -ra condition <<<"${middle//PID/$pid}"
	wait_until 60 comes_to "${condition[@]}" && return
	not_ok "$name: it does not come to its middle"
	sed 's/^/# /' out
	kill -9 "$pid"
	return 1
}

# interrupted NAME MIDDLE COMMAND: MIDDLE is a condition, with PID in place of
# the process' number.
interrupted() {
	local name=$1 middle=$2 command=$3 dir pid status cut tries=0

	dir=$(mktemp -d "$work/$name.XXXXXX")
	cd "$dir" || return
	bash -c "$command" >expected 2>&1
	status=$?
	if ((status)) || [[ ! -s expected ]]; then
		not_ok "$name: it fails without any checkpoint (status $status)"
		return
	fi
	while :; do
		rm -f half out image
		begin "$name" "$middle" "$command" || return
		status=0
		checkpoint -p "$pid" -o image --freeze --kill 2>words || status=$?
		cmp -s out expected || break
		# While we were waiting for a processor, it was not.
		if ((++tries == 5)); then
			not_ok "$name: it was over before the checkpoint"
			return
		fi
		say "$name: it was over before the checkpoint: once more"
		kill -9 "$pid" 2>/dev/null
		wait_until 10 gone "$pid"
	done
	if ((status)); then
		not_ok "$name: checkpoint"
		sed 's/^/# /' words
		kill -9 "$pid"
		return
	fi
	cut=$(stat -c %s out)
	wait_until 10 gone "$pid"
	if exists "/proc/$pid"; then
		not_ok "$name: it is still there"
		return
	fi
	timeout $((600 * scale)) restart --container --wait -i image 2>words
	status=$?
	if ((status)); then
		not_ok "$name: restart ended with status $status"
		sed 's/^/# /' words
	elif ! cmp -s out expected; then
		not_ok "$name: other output than without interruption"
		say "$(wc -c <out) bytes, $(wc -c <expected) expected, $cut at the checkpoint"
		cmp out expected 2>&1 | sed 's/^/# /'
	else
		ok "$name goes on in the middle"
	fi
	cd / && rm -rf "$dir"
}

# gzip in the middle of 200 MB. Only the checksums of the output are kept.
gzip_test() {
	local size=$((200 * MB))
	seq 1 100000000 | head -c "$size" >"$work/input"
	if [[ $(stat -c %s "$work/input") -ne $size ]]; then
		not_ok "gzip: no room for a file of 200 MB"
		return
	fi
	interrupted gzip "read_beyond PID 0 $((80 * MB))" \
		"exec gzip -1 <$work/input"
	rm -f "$work/input"
}

# refused NAME MIDDLE ALIVE COMMAND OBJECT...: each of the objects is a pattern for
# what must be named, and nothing comes of it; ALIVE is a condition that becomes
# true afterwards, when the file "half" is gone.
refused() {
	local name=$1 middle=$2 alive=$3 command=$4 dir pid object lacks=
	local -a condition

	shift 4
	dir=$(mktemp -d "$work/$name.XXXXXX")
	cd "$dir" || return
	begin "$name" "$middle" "$command" || return
	checkpoint -p "$pid" --freeze --dry-run 2>words && lacks+=' the refusal'
	for object; do
		grep -Eq "^checkpoint: pid $pid \($name\):? $object: not supported$" words ||
			lacks+=" \"$object\""
	done
	checkpoint -p "$pid" -o image --freeze --kill 2>>words && lacks+=' the second refusal'
	exists image && lacks+=' cleaning up'
	rm -f half
	read -ra condition <<<"${alive//PID/$pid}"
	wait_until 10 "${condition[@]}" || lacks+=' life'
	if [[ -n $lacks ]]; then
		not_ok "$name: what lacks:$lacks"
		sed 's/^/# /' words
	else
		ok "$name is refused, with its objects named"
	fi
	kill -9 "$pid"
	cd / && rm -rf "$dir"
}

# The eight files take about a second each.
make_test() {
	local name part

	for name in make cc; do
		if ! installed $name; then
			skip make "$name is not installed"
			return
		fi
	done
	mkdir "$work/source"
	echo "$MAKE_WORK" >"$work/source/Makefile"
	for part in {1..8}; do
		awk -v part="$part" 'BEGIN {
			for (i = 1; i <= 300; i++)
				printf "static unsigned int f%d(unsigned int x)\n{\n" \
					"\tfor (int i = 0; i < %d; i++)\n" \
					"\t\tx = (x << 5 | x >> 27) * %du + i %% 7 * x;\n" \
					"\treturn x;\n}\n\n", i, i, 2 * i + part
			printf "unsigned int part%d(unsigned int x)\n{\n", part
			for (i = 1; i <= 300; i++)
				printf "\tx = f%d(x);\n", i
			printf "\treturn x;\n}\n"
		}' >"$work/source/part$part.c"
	done
	{
		printf '#include <stdio.h>\n'
		printf 'unsigned int part%d(unsigned int x);\n' {1..8}
		printf 'int main(void)\n{\n\tunsigned int x = 1;\n'
		printf '\tx = part%d(x);\n' {1..8}
		printf '\tprintf("%%u\\n", x);\n\treturn 0;\n}\n'
	} >"$work/source/main.c"
	interrupted make 'compiling PID' \
		"exec make -s -j4 -f $work/source/Makefile VPATH=$work/source run"
}

# It locks the file that jstat and the like would read, and locks are refused: it is
# told to have none, as README.md tells users.
java_test() {
	local name

	for name in java javac; do
		if ! installed $name; then
			skip java "$name is not installed"
			return
		fi
	done
	mkdir "$work/java"
	echo "$JAVA_WORK" >"$work/java/Work.java"
	if ! javac -d "$work/java" "$work/java/Work.java" >"$work/words" 2>&1; then
		not_ok "java: javac"
		sed 's/^/# /' "$work/words"
		return
	fi
	interrupted java 'exists half' \
		"exec java -XX:-UsePerfData -cp $work/java Work 40000"
}

node_test() {
	if ! installed node; then
		skip node "node is not installed"
		return
	fi
	refused node 'exists half' 'exists half' \
		"exec node -e 'setInterval(() => fs.writeFileSync(\"half\", \"\"), 50)'" \
		'fd [0-9]+: epoll anon_inode:\[eventpoll\] on anon_inodefs' \
		'fd [0-9]+: file anon_inode:\[eventfd\] on anon_inodefs'
}

# Its locks are semaphores that it unlinks as soon as it has mapped them.
readonly PYTHON_POOL='
import multiprocessing, time
queue, pool = multiprocessing.Queue(), multiprocessing.Pool(2)
while True:
	queue.put(pool.map(abs, [-7]))
	assert queue.get() == [7]
	open("half", "w").close()
	time.sleep(0.05)'
python_pool_test() {
	refused python3 'exists half' 'exists half' "exec $python -c '$PYTHON_POOL'" \
		'file /dev/shm/sem\.[A-Za-z0-9]+ \(deleted\): is unlinked'
}

# Debian has the server in redis-tools, under another name.
redis_test() {
	local server

	server=$(command -v redis-server || command -v redis-check-rdb)
	if [[ -z $server ]] || ! installed redis-cli; then
		skip redis-server "it is not installed"
		return
	fi
	mkdir "$work/redis"
	ln -s "$server" "$work/redis/redis-server"
	refused redis-server 'pongs redis-cli -s socket ping' 'pongs redis-cli -s socket ping' \
		"exec $work/redis/redis-server --bind 127.0.0.1 --port 6379 --unixsocket ./socket --save ''" \
		'fd [0-9]+: epoll anon_inode:\[eventpoll\] on anon_inodefs' \
		'fd [0-9]+: AF_INET socket' 'fd [0-9]+: AF_UNIX socket'
}

run_all() {
	interrupted bash 'exists half' "export STEPS=150000; exec bash -c '$SHELL_WORK'"
	interrupted busybox_sh 'exists half' "export STEPS=300000; exec busybox sh -c '$SHELL_WORK'"
	interrupted perl 'exists half' "export STEPS=2000000; exec perl -we '$PERL_WORK'"
	interrupted python3 'exists half' "export STEPS=1500000; exec $python -c '$PYTHON_WORK'"
	interrupted gawk 'exists half' "export STEPS=3000000; exec gawk '$AWK_WORK'"
	interrupted bc 'cpu_time PID 50' \
		"echo 'scale=1600; 4*a(1)' >pi.bc; export BC_LINE_LENGTH=0; exec bc -lq pi.bc </dev/null"
	interrupted python3_threads 'exists half' "export STEPS=40000; exec $python -c '$THREADS_WORK'"
	interrupted python3_processes 'exists half' "export STEPS=20000; exec $python -c '$PROCESSES_WORK'"
	interrupted bash_jobs 'exists half' "export STEPS=60000; exec bash -c '$JOBS_WORK'"
	make_test
	java_test
	node_test
	python_pool_test
	redis_test
	gzip_test
}

main() {
	local tool
	echo "TAP version 13"
	echo "1..15"
	if [[ -n ${CKPT_TEST_PLAIN:-} ]]; then
		for tool in bash busybox perl python3 gawk bc python3_threads python3_processes bash_jobs \
			make java node python3_pool redis-server gzip; do
			ok "$tool # SKIP needs the system calls"
		done
		exit 0
	fi
	for tool in ns_exec checkpoint restart busybox perl gawk bc gzip; do
		if ! command -v "$tool" >/dev/null; then
			echo "Bail out! $tool is not installed"
			exit 1
		fi
	done
	# Not a wrapper script that merely is called python3.
	python=/usr/bin/python3
	[[ -x $python ]] || python=$(command -v python3)

	# Large files belong on a disk, where there is one.
	if [[ -d /state && -w /state ]]; then
		work=$(mktemp -d /state/programs.XXXXXX)
	else
		work=$(mktemp -d /tmp/programs.XXXXXX)
	fi
	trap 'rm -rf "$work"' EXIT
	run_all
	exit $((failed > 0))
}

main
