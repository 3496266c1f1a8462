"""Kills `brickgate check --staged --fix` at random moments and looks at what is left.

    python3 benches/kill_staged.py BRICKGATE [TIMES] [SEED]

After each kill: `git fsck` is clean, the index can be read, each staged blob and each file of the worktree holds the
old or the new bytes, unstaged lines are there, and no file is left behind. Three moments of four lie where it writes,
which starts when the first object appears; the others anywhere. Every other time git's children
are killed as well; the lock that a killed git leaves behind is then taken away, as git itself asks for.
"""
import os, random, shutil, signal, subprocess, sys, tempfile, time

BRICKGATE = os.path.abspath(sys.argv[1])
TIMES = int(sys.argv[2]) if len(sys.argv) > 2 else 200
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
FILES = 12
PAGE = """# Old names

```toml rule
severity = "error"
applies-to = ["module", "notebook", "script"]
since = "0.1.0"
message = "`old` is out of date"
[fix]
title = "Rename"
template = "new"
safe = true
```

```scm query
((identifier) @here (#eq? @here "old"))
```

Why.
"""
ENV = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
       "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com"}


def git(folder, *args, ok=True):
    done = subprocess.run(["git", *args], cwd=folder, env=ENV, capture_output=True)
    if ok and done.returncode:
        sys.exit(f"git {args}: {done.stderr.decode()}")
    return done.stdout


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def texts(number):
    body = b"".join(b"x%d = %d\n" % (line, line) for line in range(200))
    staged = b"a = old\n" + body + b"b = old\nlast = %d\n" % number
    worktree = b"mine = %d\n" % number + b"a = old\n" + body + b"b = old\nlast = 'mine'\n"
    return staged, worktree


def make(folder):
    git(folder, "init", "-q", "-b", "main")
    write(f"{folder}/brickgate.toml", b'pages = ["own"]\n[rules]\nundefined-name = "off"\n')
    write(f"{folder}/own/old.md", PAGE.encode())
    git(folder, "add", "."), git(folder, "commit", "-qm", "first")
    for number in range(FILES):
        staged, worktree = texts(number)
        path = f"{folder}/src/f{number}.py"
        write(path, staged), git(folder, "add", path), write(path, worktree)


def wait_for_objects(folder, child):
    """Waits until something is written, or the end."""
    before = len(os.listdir(f"{folder}/.git/objects"))
    while child.poll() is None and len(os.listdir(f"{folder}/.git/objects")) == before:
        time.sleep(0.0005)


def start(folder):
    return subprocess.Popen([BRICKGATE, "check", "--staged", "--fix"], cwd=folder, env=ENV,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def fixed(text):
    return text.replace(b"old", b"new")


def look(folder, round_, group):
    lock = f"{folder}/.git/index.lock"
    if os.path.exists(lock):
        assert group, f"round {round_}: a lock is left though git was not killed"
        os.remove(lock)
    said = subprocess.run(["git", "fsck", "--strict"], cwd=folder, env=ENV, capture_output=True)
    wrong = [line for line in (said.stdout + said.stderr).decode().splitlines() if not line.startswith("dangling")]
    assert said.returncode == 0 and not wrong, f"round {round_}: fsck: {wrong}"
    assert len(git(folder, "ls-files", "-s").splitlines()) == FILES + 2, f"round {round_}: index"
    states = set()
    for number in range(FILES):
        staged, worktree = texts(number)
        index = git(folder, "show", f":src/f{number}.py")
        with open(f"{folder}/src/f{number}.py", "rb") as file:
            now = file.read()
        assert index in (staged, fixed(staged)), f"round {round_}: staged f{number}"
        assert now in (worktree, fixed(worktree)), f"round {round_}: worktree f{number}"
        states.add((index != staged, now != worktree))
    assert len({index for index, _ in states}) == 1, f"round {round_}: the index is half done"
    assert (False, True) not in states, f"round {round_}: the worktree is ahead of the index"
    strangers = git(folder, "status", "--porcelain", "-unormal")
    assert b"??" not in strangers, f"round {round_}: left behind: {strangers.decode()}"
    return states


def main():
    random.seed(SEED)
    base = tempfile.mkdtemp()
    try:
        first = f"{base}/first"
        os.mkdir(first), make(first)
        whole = writing = 0
        for number in range(5):
            timed = f"{base}/timed{number}"
            shutil.copytree(first, timed)
            began = time.monotonic()
            child = start(timed)
            wait_for_objects(timed, child)
            writes = time.monotonic()
            child.wait()
            whole, writing = max(whole, time.monotonic() - began), max(writing, time.monotonic() - writes)
        tally = {}
        for round_ in range(TIMES):
            folder, group = f"{base}/round", round_ % 2 == 1
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(first, folder)
            child = start(folder)
            if round_ % 8 < 2:
                time.sleep(random.uniform(0, whole))
            else:
                wait_for_objects(folder, child)
                time.sleep(random.uniform(0, writing))
            try:
                os.killpg(child.pid, signal.SIGKILL) if group else child.kill()
            except ProcessLookupError:
                pass
            child.wait()
            # A git that was not killed finishes what it was told.
            while not group and os.path.exists(f"{folder}/.git/index.lock"):
                time.sleep(0.01)
            time.sleep(0.05)
            states = look(folder, round_, group)
            what = ("index new" if any(index for index, _ in states) else "nothing done",
                    f"{'some' if len(states) > 1 else 'all' if (True, True) in states else 'no'} files carried")
            tally[what] = tally.get(what, 0) + 1
        print(f"{TIMES} kills within {whole:.2f} s ({writing:.2f} s of writing), seed {SEED}: nothing lost")
        for what, count in sorted(tally.items()):
            print(f"  {count:4} {', '.join(what)}")
    finally:
        shutil.rmtree(base, ignore_errors=True)


main()
