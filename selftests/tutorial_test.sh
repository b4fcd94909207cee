#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is typed in Documentation/tutorial.md does what is shown there: each block
# of it is a test. Numbers may be others, and the process ids in the commands are
# replaced by those that there are.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [[ -n ${CKPT_TEST_PLAIN:-} ]]; then
	echo '1..0 # SKIP needs the system calls'
	exit 0
fi
if ! tool=$(command -v checkpoint) || [[ ! -e /cgroups/cgroup.procs || ! -e $here/tutorial.md ]]; then
	echo '1..0 # SKIP not the machine that the tutorial is about'
	exit 0
fi
examples=${tool%/*/*}/examples
group=$(findmnt -rnt cgroup2 -o TARGET | head -n 1)
enabled=$(<"$group/cgroup.subtree_control")
# A listing in it has all settings that there are: of what it enables itself only.
for controller in $enabled; do
	echo "-$controller" >"$group/cgroup.subtree_control"
done

# With mounts of its own: what is mounted and written there is nobody else's.
unshare -m sh -c 'mount -t tmpfs tmp /tmp && exec python3 - "$@"' sh "$here/tutorial.md" "$examples" <<'PYTHON'
import os, pty, re, select, signal, sys, time

PROMPT = "tutorial> "
scale = float(os.environ.get("CKPT_TEST_SCALE", 1))

class Shell:
    def __init__(self):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(PS1=PROMPT, PS2="", TERM="dumb")
            os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])
        self.read()
        self.run("stty -echo")

    def read(self):
        text = ""
        end = time.time() + 300 * scale
        while not text.endswith(PROMPT):
            if time.time() > end:
                raise SystemExit("Bail out! the shell does not answer: " + repr(text))
            if select.select([self.fd], [], [], 0.2)[0]:
                text += os.read(self.fd, 65536).decode(errors="replace")
        return text[:-len(PROMPT)].replace("\r", "")

    def run(self, text):
        os.write(self.fd, text.encode() + b"\n")
        return self.read()

# Whether a process of ours, or of the machine's, has something to do just now
def is_busy():
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if int(pid) != os.getpid() and open("/proc/%s/cmdline" % pid).read() and \
               open("/proc/%s/stat" % pid).read().rpartition(")")[2].split()[0] in "RD":
                return True
        except (OSError, IndexError):
            pass
    return False

# A slow machine has to come to its work, too.
def wait_for_rest():
    end, quiet = time.time() + 60 * scale, 0
    while quiet < 3 and time.time() < end:
        quiet = 0 if is_busy() else quiet + 1
        time.sleep(0.05)

# A command with the lines that it goes on with or that are typed into it, and what
# it shall say.
class Step:
    def __init__(self, command):
        self.command, self.typed, self.shown, self.status = command, [], [], 0

def blocks(path):
    block, steps = [], []
    for line in open(path).read().split("\n") + ["end"]:
        if line.startswith("    "):
            block.append(line[4:])
            continue
        if line and block:
            steps.append(block)
            block = []
        elif block:
            block.append("")
    # That takes a reboot: see scripts/demo.
    return [b for b in steps if "... power off, boot ..." not in b]

def steps_of(block):
    steps = []
    for line in block:
        if line.startswith("# "):
            steps.append(Step(line[2:]))
        elif line.startswith("> "):
            steps[-1].command += "\n" + line[2:]
        elif re.match(r"cat > \S+$", steps[-1].command):
            steps[-1].typed.append(line)
        elif re.match(r"\[\d+\]$", line):
            steps[-1].status = int(line[1:-1])
        elif line:
            steps[-1].shown.append(line)
    return steps

def normal(lines):
    # The shell tells of its jobs; the tutorial does not.
    lines = [l for l in lines if l and not re.match(r"\[\d+\][ +-]+\s*(Killed|Done|Exit|\d+$)", l)]
    return [re.sub(r"\s+", " ", re.sub(r"\d+", "N", l)).strip() for l in lines]

class Tutorial:
    def __init__(self, examples):
        self.shell, self.examples, self.pids, self.latest = Shell(), examples, {}, None

    # The number of the tutorial is that of the process that was started last.
    def number(self, match):
        number = match.group(2)
        if number != "99999":
            self.pids.setdefault(number, self.latest)
        return match.group(1) + self.pids.get(number, number)

    def command(self, text):
        text = text.replace("build/user-cr/examples", self.examples)
        text = re.sub(r"( -p |/proc/)(\d+)", self.number, text)
        if text.startswith("kill "):
            text = re.sub(r"( )(\d+)\b(?!\d)", self.number, text)
        return text

    def note(self, text):
        if text.endswith("&"):
            self.latest = re.search(r"pid=(\d+)", self.shell.run("echo pid=$!")).group(1)
        found = re.search(r"(?:--pidfile|-P) (\S+)", text)
        if found:
            self.latest = re.search(r"pid=(\d+)", self.shell.run("echo pid=$(cat %s)" % found.group(1))).group(1)

    def step(self, step):
        text = self.command(step.command)
        if step.typed:
            os.write(self.shell.fd, (text + "\n" + "\n".join(step.typed) + "\n\x04").encode())
            self.shell.read()
            return True
        said = self.shell.run(text).split("\n")
        status = int(re.search(r"status=(\d+)", self.shell.run("echo status=$?")).group(1))
        self.note(text)
        # It has to come to its work.
        if re.search("&$|^ns_exec|^restart", text):
            time.sleep(1.5 * scale)
        # Or what is killed to be gone
        if re.search("&$|^ns_exec|^restart|^kill|--kill", text):
            wait_for_rest()
        if status == step.status and normal(said) == normal(step.shown):
            return True
        print("# %s\n# status %d instead of %d" % (text.replace("\n", "\n# "), status, step.status))
        for line in said:
            print("#   " + line)
        return False

tutorial, failed = Tutorial(sys.argv[2]), 0
all = blocks(sys.argv[1])
print("TAP version 13\n1..%d" % len(all), flush=True)
for number, block in enumerate(all, 1):
    steps = steps_of(block)
    good = True
    for step in steps:
        good = tutorial.step(step) and good
    failed += not good
    print("%sok %d %s" % ("" if good else "not ", number, steps[0].command.split("\n")[0].replace("#", "")), flush=True)
tutorial.shell.run("kill -9 $(jobs -p) 2>/dev/null; wait")
for pid in tutorial.pids.values():
    try:
        os.kill(int(pid), signal.SIGKILL)
    except (OSError, ValueError):
        pass
sys.exit(failed > 0)
PYTHON
status=$?

echo -pids >"$group/cgroup.subtree_control"
for controller in $enabled; do
	echo "+$controller" >"$group/cgroup.subtree_control"
done
for ((tries = 0; tries < 600; tries++)); do
	[[ -e $group/box ]] || break
	rmdir "$group"/box 2>/dev/null || sleep 0.1
done
exit "$status"
