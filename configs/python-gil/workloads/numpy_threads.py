"""Many small pieces of NumPy work, done by a pool of threads.

NumPy lets go of the GIL while it works on a long array, so that threads get on side by side with
the GIL as well as without: what differs is the little Python between the calls. --length sets how
long the calls are. All arithmetic is of unsigned 64-bit integers and wraps around: it is exact.
"""
import workload

ROUNDS = 20
FACTOR = 6364136223846793005  # of Knuth's linear congruential generator MMIX, with its increment
INCREMENT = 1442695040888963407


def piece(part):
    """Mix the numbers of one array; their sum, modulo 2**64. part: the piece's number, length."""
    number, length = part
    numpy = workload.need("numpy")
    factor, increment, shift = (numpy.uint64(value) for value in (FACTOR, INCREMENT, 33))
    values = numpy.arange(number * length, (number + 1) * length, dtype=numpy.uint64)
    shifted = numpy.empty_like(values)
    for _ in range(ROUNDS):
        numpy.multiply(values, factor, out=values)
        numpy.add(values, increment, out=values)
        numpy.right_shift(values, shift, out=shifted)
        numpy.bitwise_xor(values, shifted, out=values)
    return int(values.sum())


def once(options, result):
    """All pieces; their checksum."""
    with result.timed():
        parts = [(number, options.length) for number in range(options.tasks)]
        sums = result.run_parts(piece, parts)
    return workload.digest(sums)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser, modes=("threads", "processes", "sequential"))
    parser.add_argument("--length", type=workload.positive, default=100_000, metavar="N",
                        help="numbers in an array (default: 100000)")
    parser.add_argument("--tasks", type=workload.positive, default=200, metavar="N",
                        help="arrays, shared out among the workers (default: 200)")
    options = parser.parse_args()
    workload.need("numpy")
    workload.repeat(options, once, options.tasks * options.length)


if __name__ == "__main__":
    workload.run(main)
