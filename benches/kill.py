"""Kills `brickgate format` at random moments and looks at every file: it must read as the old or the new text.

    python3 benches/kill.py --brickgate target/release/brickgate --kills 500 FOLDER

Works on a copy of the folder, whose files are put back after each kill.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def texts(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--brickgate", default="target/release/brickgate")
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    program = str(Path(args.brickgate).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch, "work")
        shutil.copytree(args.folder, work, ignore=shutil.ignore_patterns(".git"), symlinks=True)
        subprocess.run(["git", "init", "-q", work], check=True)
        old = texts(work)
        start = time.monotonic()
        subprocess.run([program, "format", "-q"], cwd=work, capture_output=True)
        whole = time.monotonic() - start
        new = texts(work)
        changed = [name for name in old if old[name] != new.get(name)]
        print(f"{len(old)} files, {len(changed)} change, {whole * 1000:.0f} ms for a whole run")
        midway = faults = 0
        for _ in range(args.kills):
            for name in changed:
                work.joinpath(name).write_bytes(old[name])
            child = subprocess.Popen([program, "format", "-q"], cwd=work, stdout=-3, stderr=-3)
            time.sleep(random.uniform(0, whole))
            child.send_signal(signal.SIGKILL)
            child.wait()
            now = texts(work)
            written = sum(now.get(name) == new[name] for name in changed)
            midway += 0 < written < len(changed)
            for name, text in now.items():
                if name not in old or text not in (old[name], new.get(name)):
                    faults += 1
                    print(f"half a file: {name}")
            faults += len(old.keys() - now.keys())
            # What a killed run leaves behind stands where git does not see it.
            for path in work.joinpath(".git").glob(".brickgate-*"):
                os.unlink(path)
        print(f"{args.kills} kills, {midway} of them while files were being written, {faults} faults")
        return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
