"""math.factorial of 0, 1, 2 ..., every one a task of its own for a pool of workers.

Measures the pool (10001 short tasks) and arithmetic of long integers, on independent data. Each
factorial is checked by the one before it: n! = n * (n-1)!.
"""
import math

import workload


def once(options, result):
    """All factorials once; their checksum."""
    with result.timed():
        factorials = result.run_parts(math.factorial, range(options.tasks))
    before = 1
    for number, found in enumerate(factorials):
        before *= max(number, 1)
        if found != before:
            raise workload.Failure(f"{number}! is wrong")
    if len(factorials) != options.tasks:
        raise workload.Failure(f"{len(factorials)} factorials, not {options.tasks}")
    return workload.digest(value.to_bytes(value.bit_length() // 8 + 1, "little")
                           for value in factorials)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--tasks", type=workload.positive, default=10001, metavar="K",
                        help="factorials of 0 to K-1 (default: 10001)")
    options = parser.parse_args()
    workload.repeat(options, once, options.tasks)


if __name__ == "__main__":
    workload.run(main)
