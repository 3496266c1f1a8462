#!/usr/bin/env python3
"""How fast the language server is, beside `ruff server`, on a repository of your own.

    benches/server.py REPOSITORY --brickgate target/release/brickgate [--ruff ruff] [--edits 1000] [--lines 1000]

A notebook of some 1,000 lines that `%run`s one of the repository's is made in a copy, so that the repository stays as it
is. The same random edits then go to both servers, one after the other, and each is waited for: from the edit to the
diagnostics that answer to it. Definition across `%run`, memory, and the first diagnostics after a start come after.
"""

import argparse
import json
import os
import pathlib
import queue
import random
import shutil
import statistics
import subprocess
import tempfile
import threading
import time


class Client:
    """An editor that waits for every answer."""

    def __init__(self, command, root, pull):
        self.root, self.pull, self.asked, self.version = root, pull, 0, 1
        self.process = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL)
        self.inbox = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        text = {'publishDiagnostics': {'versionSupport': True}}
        workspace = {}
        if pull:
            text['diagnostic'] = {}
            workspace['diagnostics'] = {'refreshSupport': True}
        self.ask('initialize', {
            'processId': os.getpid(), 'rootUri': self.uri(''),
            'workspaceFolders': [{'uri': self.uri(''), 'name': 'bench'}],
            'capabilities': {'textDocument': text, 'workspace': workspace,
                             'general': {'positionEncodings': ['utf-16']}},
        })
        self.tell('initialized', {})

    def uri(self, path):
        return pathlib.Path(self.root, path).as_uri().rstrip('/')

    def read(self):
        out = self.process.stdout
        while True:
            length = 0
            while (line := out.readline()).strip():
                name, _, value = line.partition(b':')
                if name.lower() == b'content-length':
                    length = int(value)
            if not line:
                self.inbox.put((0, None))
                return
            self.inbox.put((time.perf_counter(), json.loads(out.read(length))))

    def send(self, message):
        text = json.dumps({'jsonrpc': '2.0', **message}).encode()
        self.process.stdin.write(b'Content-Length: %d\r\n\r\n' % len(text) + text)
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({'method': method, 'params': params})

    def wait(self, wanted):
        while True:
            at, message = self.inbox.get(timeout=120)
            if message is None:
                raise SystemExit('the server is gone')
            if 'id' in message and 'method' in message:
                self.send({'id': message['id'], 'result': None})
            elif wanted(message):
                return at, message

    def ask(self, method, params):
        self.asked += 1
        asked = self.asked
        self.send({'id': asked, 'method': method, 'params': params})
        at, message = self.wait(lambda message: message.get('id') == asked)
        return at, message.get('result')

    def open(self, path, text):
        self.tell('textDocument/didOpen', {'textDocument': {
            'uri': self.uri(path), 'languageId': 'python', 'version': self.version, 'text': text}})

    def diagnostics(self, path):
        """When the diagnostics of this state of a file were there, and how many there are."""
        uri = self.uri(path)
        if self.pull:
            at, report = self.ask('textDocument/diagnostic', {'textDocument': {'uri': uri}})
            return at, len(report['items'])
        at, message = self.wait(lambda message: message.get('method') == 'textDocument/publishDiagnostics'
                                and message['params']['uri'] == uri
                                and message['params'].get('version', self.version) == self.version)
        return at, len(message['params']['diagnostics'])

    def edit(self, path, change):
        self.version += 1
        self.tell('textDocument/didChange', {
            'textDocument': {'uri': self.uri(path), 'version': self.version}, 'contentChanges': [change]})

    def memory(self):
        """The most that was in use, in megabytes."""
        status = pathlib.Path(f'/proc/{self.process.pid}/status').read_text()
        return {name: int(rest.split()[0]) / 1024 for name, _, rest in
                (line.partition(':') for line in status.splitlines()) if name in ('VmHWM', 'VmRSS')}

    def processor(self):
        """Processor time so far, in seconds: what a busy machine does not change."""
        fields = pathlib.Path(f'/proc/{self.process.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def close(self):
        self.ask('shutdown', None)
        self.tell('exit', None)
        self.process.wait(20)


def notebook(helper, lines):
    """A notebook of so many lines that runs `helper`."""
    cells = ['# Databricks notebook source\n# MAGIC %md\n# MAGIC # A long notebook',
             f'# MAGIC %run ./{helper}', 'import os\nimport json\nfrom pyspark.sql import functions as F']
    number = 0
    while sum(cell.count('\n') + 5 for cell in cells) < lines:
        number += 1
        cells.append(f'''def load_{number}(path, limit=10):
    """Loads what stands at a path."""
    frame = spark.read.format("delta").load(f"{{path}}/part_{number}")
    if limit:
        frame = frame.limit(limit).filter(F.col("a") > {number})
    return frame.withColumn("b", F.lit(os.getcwd()))''')
        cells.append(f'''frame_{number} = load_{number}("/mnt/data", limit={number})
rows = [row["a"] for row in frame_{number}.select("a").take({number})]
print(json.dumps({{"rows": len(rows), "first": rows[:1]}}))
display(frame_{number}.groupBy("b").agg(F.sum("a").alias("total")))''')
    return '\n\n# COMMAND ----------\n\n'.join(cells) + '\n'


def edits(text, count):
    """Random edits as people make them: a letter, a word, a line; each is taken back a little later."""
    numbers = random.Random(20260101)
    lines = text.split('\n')
    code = [at for at, line in enumerate(lines) if line and not line.startswith('#')]
    pieces = ['x', '_', '(', ' ', '1', 'missing_name', 'import sys', '\n', '"', 'rows']
    for _ in range(count // 2):
        line = numbers.choice(code)
        column = numbers.randint(0, len(lines[line]))
        piece = numbers.choice(pieces)
        start = {'line': line, 'character': column}
        end = {'line': line + 1, 'character': 0} if piece == '\n' else {'line': line, 'character': column + len(piece)}
        yield {'range': {'start': start, 'end': start}, 'text': piece}
        yield {'range': {'start': start, 'end': end}, 'text': ''}


def spread(times):
    """Median and 95th percentile in milliseconds."""
    ordered = sorted(times)
    return f'{statistics.median(ordered) * 1e3:.2f} ms, p95 {ordered[int(len(ordered) * 0.95)] * 1e3:.2f} ms'


def measure(name, command, root, text, count, pull):
    client = Client(command, root, pull)
    client.open('long_notebook.py', text)
    client.diagnostics('long_notebook.py')
    times, found, before = [], [], client.processor()
    for change in edits(text, count):
        start = time.perf_counter()
        client.edit('long_notebook.py', change)
        at, number = client.diagnostics('long_notebook.py')
        times.append(at - start)
        found.append(number)
    print(f'{name}: {len(times)} edits, {"pulled" if pull else "pushed"}: {spread(times)}; '
          f'{(client.processor() - before) / len(times) * 1e3:.2f} ms of processor time each; '
          f'{statistics.mean(found):.0f} diagnostics on average; memory {client.memory()}')
    return client, times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('repository')
    parser.add_argument('--brickgate', default='brickgate')
    parser.add_argument('--ruff', default='ruff')
    parser.add_argument('--edits', type=int, default=1000)
    parser.add_argument('--lines', type=int, default=1000)
    args = parser.parse_args()
    brickgate, ruff = (shutil.which(command) or command for command in (args.brickgate, args.ruff))
    brickgate, ruff = os.path.abspath(brickgate), os.path.abspath(ruff)
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(os.path.realpath(folder), 'repository')
        shutil.copytree(args.repository, root, symlinks=True)
        helper = '''# Databricks notebook source
def shared_helper(frame, name="x"):
    """What all notebooks share."""
    return frame.alias(name)
'''
        pathlib.Path(root, 'shared_helpers.py').write_text(helper)
        text = notebook('shared_helpers', args.lines).replace('display(frame_1.', 'display(shared_helper(frame_1).')
        pathlib.Path(root, 'long_notebook.py').write_text(text)
        print(f'{text.count(chr(10))} lines')
        best = {}
        for pull in (False, True):
            if os.path.exists(ruff):
                client, times = measure('ruff', [ruff, 'server'], root, text, args.edits, pull)
                best['ruff', pull] = sorted(times)[int(len(times) * 0.95)]
                client.close()
            client, times = measure('brickgate', [brickgate, 'server'], root, text, args.edits, pull)
            best['brickgate', pull] = sorted(times)[int(len(times) * 0.95)]
            if ('ruff', pull) in best:
                print(f'  p95 of brickgate is {best["brickgate", pull] / best["ruff", pull]:.2f} of that of ruff')
            line = next(at for at, line in enumerate(text.split('\n')) if 'shared_helper(' in line)
            column = text.split('\n')[line].index('shared_helper(') + 2
            place = {'textDocument': {'uri': client.uri('long_notebook.py')},
                     'position': {'line': line, 'character': column}}
            times = []
            for _ in range(200):
                start = time.perf_counter()
                at, found = client.ask('textDocument/definition', place)
                times.append(at - start)
            assert found and found[0]['uri'].endswith('shared_helpers.py'), found
            print(f'  definition across %run: {spread(times)}')
            client.close()
        starts, checks = [], []
        for _ in range(10):
            start = time.perf_counter()
            client = Client([brickgate, 'server'], root, False)
            client.open('long_notebook.py', text)
            at, _ = client.diagnostics('long_notebook.py')
            starts.append(at - start)
            client.close()
            start = time.perf_counter()
            subprocess.run([brickgate, 'check', 'long_notebook.py'], cwd=root, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
            checks.append(time.perf_counter() - start)
        print(f'first diagnostics after a start: {spread(starts)}; a check of the file: {spread(checks)}')


if __name__ == '__main__':
    main()
