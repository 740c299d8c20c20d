"""Workers that have nothing to do: what each takes in memory, and in time to start.

The process imports what the other programs import, starts its workers, and waits till all of them
are there at once; then memory is read. The time is that of starting them. With --objects every
worker reads that many texts that the first process has made: threads read the same ones, forked
processes have them until they touch them, spawned ones and interpreters are sent copies.

Keys of its own in the line of JSON: rss_alone, pss_alone and vms_alone, memory before there were
workers, and rss_per_worker, pss_per_worker and vms_per_worker, by how much it grew for each, all
in bytes; the latter are null in mode sequential, which has no workers. Processes that come with
workers are counted too, such as the one that looks after spawned ones. With --repeat it is the last
iteration's growth over the process before the first.
"""
import dataclasses  # noqa: F401  (as all here but socket: what the others import)
import itertools  # noqa: F401
import math  # noqa: F401
import queue  # noqa: F401
import socket
import threading  # noqa: F401

import workload

FIRST = 1_000_000_000  # numbers from here on have ten digits
PATIENCE = 1           # seconds after which a worker that does not come is asked whether it failed

objects = None  # the texts, in the process that made them and in those forked from it


def read(sent):
    """Read all texts, which gives each of them one more reference for a moment. Their length."""
    return sum(map(len, objects if sent is None else sent))


def idle(address, sent):
    """A worker: read the texts, say so to whoever listens at the address, and wait to be let go."""
    length = read(sent)
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(address)
        line.sendall(b"%d\n" % length)
        line.recv(1)
    return length


def accept(listener, members):
    """The line of the next worker that comes. Raises what made one of them fail."""
    while True:
        try:
            line = listener.accept()[0]
        except TimeoutError:
            for member in members:
                if member.done():
                    member.result()
            continue
        line.settimeout(None)
        return line


def hold(options, result):
    """Start the workers, hold them until memory is read, and let them go. What each has read."""
    sent = objects if options.mode == "interpreters" or options.start == "spawn" else None
    function = workload.importable(idle) if options.mode == "interpreters" else idle
    lines = []
    with socket.socket(socket.AF_UNIX) as listener, result.executor() as workers:
        listener.bind("")  # the kernel finds a name that is free
        listener.listen(options.workers)
        listener.settimeout(PATIENCE)
        with result.timed():
            members = [workers.submit(function, listener.getsockname(), sent)
                       for _ in range(options.workers)]
            for _ in members:
                lines.append(accept(listener, members))
                lines[-1].recv(32)
        for line in lines:
            line.sendall(b".")
            line.close()
        return [member.result() for member in members]


def once(options, result):
    """One iteration; its checksum, which is the same for any number of workers."""
    if options.mode == "sequential":
        with result.timed():
            lengths = {read(None)}
    else:
        lengths = set(hold(options, result))
    if lengths != {len(str(FIRST)) * options.objects}:
        raise workload.Failure(f"the workers did not read the same texts: {sorted(lengths)} bytes")
    return workload.digest(lengths)


def growth(before, after, workers):
    """Bytes for each worker; None where they cannot be read."""
    return None if None in (before, after) else (after - before) // workers


def main():
    """See the docstring of the program."""
    global objects
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--objects", type=workload.at_least(0), default=0, metavar="N",
                        help="texts that every worker reads (default: 0)")
    options = parser.parse_args()
    if options.mode == "sequential" and options.workers > 1:
        parser.error("--mode sequential has no workers besides itself: leave out --workers")
    objects = [str(FIRST + number) for number in range(options.objects)]
    result = workload.Result(options)
    alone = workload.memory()
    checksums = [once(options, result) for _ in range(options.repeat)]
    more = {f"{key}_alone": alone[key] for key in alone}
    for key in alone:
        grown = growth(alone[key], result.memory[key], options.workers)
        more[f"{key}_per_worker"] = None if options.mode == "sequential" else grown
    result.report(1, checksums, **more)


if __name__ == "__main__":
    workload.run(main)
