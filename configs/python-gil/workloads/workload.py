"""What the workloads share: options, the clock, and the JSON line that a workload ends with.

A workload is a program of its own: `python mandelbrot.py --size 500`. It builds its data (not
timed), does its work between `with result.timed():` once or more often, and prints one line by
`result.report(work, checksum)`, which `workload.repeat(options, once, work)` does at the end:

    {"workload": "mandelbrot", "work": 250000, "checksum": "9c8e...", "gil_enabled": true,
     "gil_at_start": true, "gil_at_end": true, "build": "CPython 3.13.15 gil", "threads": 1,
     "mode": "sequential", "seconds": 0.61, "iterations": [0.61], "rss": 11534336, "pss": 9961472,
     "vms": 18874368, "ipc_bytes": null}

work        units of work, the same for the same parameters, whatever the interpreter, the number of
            workers or the mode; with --repeat the work of all iterations
checksum    of the answer, not of how it came about: equal over interpreters, numbers of workers,
            modes and machines
gil_enabled was it on at the start or at the end? An extension not made for it may switch it on
threads     workers that may run side by side; 1 with mode "sequential"
seconds     of the work alone, by time.perf_counter(): the sum of iterations
rss         most resident memory of the process (VmHWM), and its children's
pss         memory at the end of the work, over all processes, what they share counted once; null
            where it cannot be read
vms         most address space of the process (VmPeak), and its children's
ipc_bytes   what the processes wrote to one another in the last iteration; null in other modes and
            where it cannot be read

Memory is in bytes and that of the last iteration, read while the workers still exist, with the
clock stopped. A program may add keys of its own. What went wrong is one line on stderr with exit
status 1; a wrong option ends with 2.

    def once(options, result):
        numbers = list(range(options.size))                     # not timed
        with result.timed():
            parts = [numbers[a:b] for a, b in workload.spread(options.size, options.workers)]
            sums = result.run_parts(sum, parts)
        return workload.digest([sum(sums)])                     # not timed

    def main():
        parser = workload.parser(__doc__)
        workload.add_workers(parser)                            # --workers, --mode, --start
        parser.add_argument("--size", type=workload.positive, default=1000)
        options = parser.parse_args()
        workload.repeat(options, once, options.size)            # work of one iteration

    if __name__ == "__main__":
        workload.run(main)

Standard library alone; NumPy only in numpy_*.py.
"""
import sys


def gil_enabled():
    """Whether the GIL is on. True for an interpreter that is too old to be asked."""
    return getattr(sys, "_is_gil_enabled", lambda: True)()


GIL_AT_START = gil_enabled()

import argparse  # noqa: E402  (the GIL is looked at before anything else is imported)
import atexit  # noqa: E402
import concurrent.futures  # noqa: E402
import contextlib  # noqa: E402
import hashlib  # noqa: E402
import importlib  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import sysconfig  # noqa: E402
import time  # noqa: E402

MODES = ("threads", "processes", "interpreters", "sequential")


class Failure(Exception):
    """What a workload has to say when it cannot go on: its text is the line on stderr."""


def name():
    """The workload's name: that of its file."""
    return os.path.splitext(os.path.basename(sys.argv[0]))[0]


def run(main):
    """Call main(); whatever goes wrong in it becomes one line on stderr and exit status 1."""
    try:
        main()
    except Failure as failure:
        sys.exit(f"{name()}: {failure}")
    except Exception as error:
        lines = str(error).strip().splitlines() or ["no more is known"]
        sys.exit(f"{name()}: {type(error).__name__}: {lines[0]}")


def at_least(least):
    """A type of argparse: a whole number not below `least`. Underscores may group its digits."""
    def number(text):
        found = int(text)
        if found < least:
            raise argparse.ArgumentTypeError(f"{text} is not {least} or more")
        return found
    number.__name__ = "whole number"
    return number


positive = at_least(1)


def need(module):
    """Import a module that need not be there; without it there is nothing the program could do."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Failure(f"needs the module {module} for {sys.executable} ({build()}): "
                      f"{error}") from None


def parser(description):
    """A parser that shows `description`, a program's docstring, in its --help, and has --repeat."""
    made = argparse.ArgumentParser(description=description, allow_abbrev=False,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--repeat", type=positive, default=1, metavar="K",
                      help="do the timed work K times in this process (default: 1)")
    return made


def add_workers(made, modes=MODES, mode="threads", workers=1):
    """Give a parser --workers, and where there is more than one of `modes` --mode and --start.

    `mode` and `workers` are the defaults; mode None is sequential with one worker and threads with
    more.
    """
    made.add_argument("--workers", type=positive, default=workers, metavar="N",
                      help=f"workers that share the work (default: {workers})")
    made.set_defaults(mode=mode, start="fork")
    if len(modes) == 1:
        return
    shown = mode or "sequential with one worker, threads with more"
    made.add_argument("--mode", choices=modes, help=f"what the workers are (default: {shown})")
    if "processes" in modes:
        made.add_argument("--start", choices=("fork", "spawn"),
                          help="how the processes of mode processes are started (default: fork)")


def stop_tracker():
    """End multiprocessing's resource tracker, where one was started, and wait for it."""
    from multiprocessing import resource_tracker
    stop = getattr(resource_tracker._resource_tracker, "_stop", None)
    if stop is not None:
        stop()


def spread(count, workers):
    """Cut range(count) into at most `workers` parts of about one length: [(first, end), ...]."""
    parts = min(count, workers)
    return [(count * i // parts, count * (i + 1) // parts) for i in range(parts)]


def digest(values):
    """16 hexadecimal digits over texts, bytes and integers; of a float, give its .hex()."""
    total = hashlib.sha256()
    for value in values:
        if not isinstance(value, (str, bytes, int)):
            raise TypeError(f"a checksum cannot be made over a {type(value).__name__}")
        data = value if isinstance(value, bytes) else str(value).encode()
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()[:16]


def digest_lines(texts, chunk=65536):
    """The like for a long list of texts without line breaks, in little time and memory."""
    total = hashlib.sha256()
    for first in range(0, len(texts), chunk):
        total.update("\n".join(texts[first:first + chunk]).encode())
        total.update(b"\n")
    return total.hexdigest()[:16]


def _field(pid, file, key):
    """The number after `key` in /proc/PID/FILE, in bytes; None where there is no such thing."""
    try:
        with open(f"/proc/{pid}/{file}", encoding="ascii") as lines:
            for line in lines:
                words = line.split()
                if words[0] == key:
                    return int(words[1]) * (1024 if words[-1] == "kB" else 1)
    except OSError:
        pass
    return None


def _parents():
    """Every process that can be seen: {its id: its parent's}."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", "rb") as file:
                parents[int(entry)] = int(file.read().rpartition(b")")[2].split()[1])
    return parents


def descendants():
    """The ids of this process's children, their children and so on."""
    parents = _parents()
    found = [os.getpid()]
    for ancestor in found:
        found += [pid for pid, parent in parents.items() if parent == ancestor]
    return found[1:]


def memory():
    """Memory of this process and of its descendants: {"rss", "pss", "vms"} as at the head."""
    everyone = [os.getpid(), *descendants()]
    total = {}
    for key, file, field in (("rss", "status", "VmHWM:"), ("pss", "smaps_rollup", "Pss:"),
                             ("vms", "status", "VmPeak:")):
        each = [_field(pid, file, field) for pid in everyone]
        total[key] = None if None in each else sum(each)
    return total


def build():
    """The interpreter in three words: "CPython 3.13.15 gil", "CPython 3.14.2 free-threaded"."""
    kind = "free-threaded" if sysconfig.get_config_var("Py_GIL_DISABLED") else "gil"
    return f"{platform.python_implementation()} {platform.python_version()} {kind}"


def importable(function):
    """The same function of the program as an imported module: another interpreter finds that."""
    if function.__module__ != "__main__":
        return function
    return getattr(importlib.import_module(name()), function.__qualname__)


class Result:
    """The clock, the workers and the line at the end. `options` is what the parser gave: repeat;
    workers, mode and start, where there are any."""

    def __init__(self, options):
        self.repeat = options.repeat
        self.workers = getattr(options, "workers", 1)
        usual = "threads" if self.workers > 1 else "sequential"
        self.mode = getattr(options, "mode", "sequential") or usual
        self.start = getattr(options, "start", "fork")
        self.iterations = []
        self._stopped = 0
        self.memory = None
        self._ipc = None

    @contextlib.contextmanager
    def timed(self):
        """Time what is inside, as one iteration."""
        self._stopped = 0
        begin = time.perf_counter_ns()
        yield
        end = time.perf_counter_ns()
        self.iterations.append((end - begin - self._stopped) / 1e9)
        if self.memory is None and len(self.iterations) >= self.repeat:
            self.memory = memory()

    def look(self, written_before=None):
        """Read memory, with the clock stopped, before workers end; in the last iteration alone.

        written_before: what the processes had written before this pool was made, or None.
        """
        if len(self.iterations) + 1 < self.repeat:
            return
        begin = time.perf_counter_ns()
        now = memory()
        if self.memory is None or (now["rss"] or 0) > (self.memory["rss"] or 0):
            self.memory = now
        if written_before is not None:
            self._ipc = (self._ipc or 0) + self._written() - written_before
        self._stopped += time.perf_counter_ns() - begin

    def _written(self):
        """Bytes that this process and its children have written; pipes are all they write to."""
        return sum(_field(pid, "io", "wchar:") or 0 for pid in (os.getpid(), *descendants()))

    @contextlib.contextmanager
    def pool(self):
        """Workers of the mode and number asked for: run_all(function, parts), which returns the
        results in order.

        For modes processes and interpreters the function must be at the top level of a module, and
        parts and results must be things that can be pickled.
        """
        if self.mode == "sequential":
            yield lambda function, parts: [function(part) for part in parts]
            return
        before = None
        if self.mode == "processes" and _field(os.getpid(), "io", "wchar:") is not None:
            before = self._written()
        with self.executor() as executor:
            exact = importable if self.mode == "interpreters" else lambda function: function
            yield lambda function, parts: list(executor.map(exact(function), parts))
            self.look(before)

    def run_parts(self, function, parts):
        """[function(part) for part in parts], by workers that are made and ended here."""
        with self.pool() as run_all:
            return run_all(function, parts)

    def executor(self):
        """The executor of the mode."""
        if self.mode == "threads":
            return concurrent.futures.ThreadPoolExecutor(self.workers)
        if self.mode == "processes":
            # What looks after spawned processes would outlive this one by some milliseconds. This is
            # called after what multiprocessing itself does at the end, as it is registered before.
            atexit.register(stop_tracker)
            import multiprocessing  # here, as its memory would be a burden where it is not needed
            context = multiprocessing.get_context(self.start)
            return concurrent.futures.ProcessPoolExecutor(self.workers, context)
        if not hasattr(concurrent.futures, "InterpreterPoolExecutor"):
            raise Failure(f"mode interpreters needs CPython 3.14 or newer; this is {build()}")
        # Another interpreter of the process does not know the folder that the program is in.
        folder = os.path.dirname(os.path.abspath(sys.argv[0]))
        return concurrent.futures.InterpreterPoolExecutor(
            self.workers, initializer=exec,
            initargs=(f"import sys; sys.path.insert(0, {folder!r})", {}))

    def report(self, work, checksum, **more):
        """Print the line. work: of one iteration; checksum: a text, or a list with the text of each
        iteration, which must be the same."""
        checksums = [checksum] if isinstance(checksum, str) else list(checksum)
        if len(set(checksums)) != 1:
            raise Failure(f"iterations have different answers: checksums {', '.join(checksums)}")
        at_end = gil_enabled()
        line = {"workload": name(), "work": work * len(self.iterations), "checksum": checksums[0],
                "gil_enabled": GIL_AT_START or at_end, "gil_at_start": GIL_AT_START,
                "gil_at_end": at_end, "build": build(),
                "threads": 1 if self.mode == "sequential" else self.workers, "mode": self.mode,
                "seconds": sum(self.iterations), "iterations": self.iterations,
                **(self.memory or memory()), "ipc_bytes": self._ipc, **more}
        print(json.dumps(line), flush=True)


def repeat(options, once, work, *more):
    """The end of a program: once(options, result, *more), which returns the checksum of an
    iteration, as often as --repeat says, and the line. work: of one iteration."""
    result = Result(options)
    checksums = [once(options, result, *more) for _ in range(options.repeat)]
    result.report(work, checksums)
