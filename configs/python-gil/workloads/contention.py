"""Threads that use one object, against threads that have one each: what sharing costs.

    python contention.py --kernel dict_counter --workers 4 --sharing shared
    python contention.py --kernel dict_counter --workers 4 --sharing private

The two are twins: the same operations, as many by each worker, and the same checksum; what differs
is whose the object is. --operations counts those of all workers, so that any number of workers
does the same work. --degree says how many workers share one object: 1 is private, as many as there
are workers is shared; it must divide them.

Keys of its own in the line of JSON: kernel, sharing, degree, and lost: the operations that cannot
be found in the result. That is 0, unless there is a data race, such as the one that --racy plants;
with --repeat it is that of the worst iteration. The checksum is of what was found: of kernel and
operations alone, where nothing is lost.
"""
import argparse
import concurrent.futures
import sys
import threading

import workload
from contention_kernels import KERNELS


def microseconds(text):
    """A type of argparse: 0 or more."""
    number = float(text)
    if not 0 <= number <= 1e6:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1000000")
    return number


def read_options():
    """The command line, with every default filled in."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser, modes=("threads",))
    add = parser.add_argument
    add("--kernel", choices=KERNELS, required=True, metavar="KERNEL",
        help=f"what is done with the object: {', '.join(KERNELS)}")
    add("--sharing", choices=("private", "shared"), help="whose the object is (default: shared)")
    add("--degree", type=workload.positive, metavar="G",
        help="workers that share one object (default: all)")
    add("--operations", type=workload.positive, metavar="N",
        help="operations of all workers together (default: about a second's, by kernel)")
    add("--hold", type=microseconds, metavar="US",
        help="kernel lock: microseconds for which the lock is held (default: 0)")
    add("--owner", choices=("blocked", "running"),
        help="kernel cross_free: what the main thread does meanwhile (default: blocked)")
    add("--racy", action="store_true",
        help="kernel dict_counter: leave out its lock: a planted data race")
    options = parser.parse_args()
    for option, kernel in (("hold", "lock"), ("owner", "cross_free"), ("racy", "dict_counter")):
        if getattr(options, option) and options.kernel != kernel:
            parser.error(f"--{option} is for --kernel {kernel} alone, not for {options.kernel}")
    options.hold = options.hold or 0
    options.operations = options.operations or KERNELS[options.kernel].operations
    if options.operations < options.workers:
        parser.error(f"--operations {options.operations} is too little for {options.workers} "
                     "workers: each needs one at least")
    settle_sharing(parser, options)
    return options


def settle_sharing(parser, options):
    """Make --sharing and --degree say the same."""
    workers = options.workers
    if options.sharing is None:
        options.sharing = "private" if options.degree == 1 else "shared"
    if options.degree is None:
        options.degree = 1 if options.sharing == "private" else workers
    if options.sharing == "private" and options.degree != 1:
        parser.error(f"--sharing private is --degree 1, not {options.degree}")
    if options.degree > workers or workers % options.degree:
        parser.error(f"--degree {options.degree}: it must divide the {workers} workers")
    if options.kernel == "cross_free" and options.degree not in (1, workers):
        parser.error(f"--degree {options.degree}: kernel cross_free has one owner for all, "
                     f"so it is 1 or {workers}")


class Group:
    """Workers that share one object. counts: the operations of each."""

    def __init__(self, kernel, counts):
        self.kernel = kernel
        self.counts = counts
        self.state = None

    def make(self):
        self.state = self.kernel.make(self.counts)


class Team:
    """All workers, from making their objects to the end of their work."""

    def __init__(self, kernel, options):
        parts = workload.spread(options.operations, options.workers)
        counts = [end - first for first, end in parts]
        degree = options.degree
        self.kernel = kernel
        self.degree = degree
        self.groups = [Group(kernel, counts[first:first + degree])
                       for first in range(0, len(counts), degree)]
        self.main_makes = kernel.owned_by_main and options.sharing == "shared"
        self.main_runs = options.owner == "running"
        self.made = threading.Barrier(options.workers + 1)
        self.begin = threading.Barrier(options.workers + 1)
        self.finished = [False] * options.workers

    def member(self, number):
        """The thread of one worker. The first of a group makes what the group shares."""
        group, place = self.groups[number // self.degree], number % self.degree
        try:
            try:
                if place == 0 and not self.main_makes:
                    group.make()
                self.made.wait()
            except BaseException:
                self.made.abort()
                self.begin.abort()
                raise
            self.begin.wait()
            return self.kernel.work(group.state, place, group.counts[place])
        finally:
            self.finished[number] = True

    def run(self, result):
        """Do the work, timed. Returns the operations that can be proved."""
        if self.main_makes:
            for group in self.groups:
                group.make()
        everybody = range(len(self.finished))
        with concurrent.futures.ThreadPoolExecutor(len(everybody)) as threads:
            members = [threads.submit(self.member, number) for number in everybody]
            try:
                self.made.wait()
                with result.timed():
                    self.begin.wait()
                    while self.main_runs and not all(self.finished):
                        pass
                    concurrent.futures.wait(members)
            except threading.BrokenBarrierError:
                fail(members)
            proved = sum(member.result() for member in members)
        return proved + sum(self.kernel.tally(group.state, group.counts) for group in self.groups)


def fail(members):
    """Raise what went wrong first: a broken barrier is what the others saw of it."""
    errors = [member.exception() for member in members]
    raise next((error for error in errors if not isinstance(error, threading.BrokenBarrierError)),
               errors[0])


def main():
    options = read_options()
    if options.racy:
        sys.setswitchinterval(1e-6)  # with the GIL, threads take turns as often as they can
    kernel = KERNELS[options.kernel](options)
    result = workload.Result(options)
    done = [Team(kernel, options).run(result) for _ in range(options.repeat)]
    worst = max(done, key=lambda proved: abs(options.operations - proved))
    lost = options.operations - worst
    result.report(options.operations, workload.digest([options.kernel, worst]),
                  kernel=options.kernel, sharing=options.sharing, degree=options.degree, lost=lost)


if __name__ == "__main__":
    workload.run(main)
