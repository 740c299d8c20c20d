"""The primes up to a limit by the sieve of Eratosthenes, in plain Python, over a list of bool.

Measures loops and writes to a long list, on one core: 8 bytes for each number up to the limit. How
many primes it finds is checked by a method that finds none of them.
"""
import math

import workload


def sieve(limit):
    """A list that tells of each number from 0 to limit whether it is prime."""
    prime = [True] * (limit + 1)
    prime[0] = prime[1] = False
    for number in range(2, math.isqrt(limit) + 1):
        if prime[number]:
            for multiple in range(number * number, limit + 1, number):
                prime[multiple] = False
    return prime


def count(limit):
    """How many primes there are up to limit: Legendre's count, for all quotients of limit at once.

    left[v] is how many of 2..v no prime tried so far divides, or are such a prime themselves.
    """
    root = math.isqrt(limit)
    values = [limit // i for i in range(1, root + 1)]
    values += range(values[-1] - 1, 0, -1)
    left = {value: value - 1 for value in values}
    for number in range(2, root + 1):
        if left[number] == left[number - 1]:
            continue
        below, square = left[number - 1], number * number
        for value in values:
            if value < square:
                break
            left[value] -= left[value // number] - below
    return left[limit]


def once(options, result):
    """One sieve; its checksum."""
    with result.timed():
        prime = sieve(options.limit)
    found, wanted = prime.count(True), count(options.limit)
    if found != wanted:
        raise workload.Failure(f"{found} primes up to {options.limit}, not {wanted}")
    return workload.digest([bytes(prime)])


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    parser.add_argument("--limit", type=workload.at_least(2), default=16_000_000, metavar="N",
                        help="look for primes up to N (default: 16000000)")
    options = parser.parse_args()
    workload.repeat(options, once, options.limit)


if __name__ == "__main__":
    workload.run(main)
