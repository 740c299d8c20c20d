"""Arithmetic over long NumPy arrays: a*b + a*0.5 - b*0.25, clipped, normalised to 0..1, added up.

Measures memory bandwidth and NumPy's own loops, which work without the interpreter: the negative
control. All values are multiples of 2^-16, so that the sum is exact whatever its order; it is
checked against the same sum in whole numbers. Uses about five arrays of 8 bytes for each element.
"""
import workload

PERIOD = 4096  # the numbers repeat after so many; the check needs to look at these alone


def base():
    """One period of both arrays, in units of 1/256. The first two elements give the least and the
    greatest answer, so that the answers span 0 to 1 exactly."""
    left = [0, 256] + [(i * 97 + i * i % 61) % 257 for i in range(2, PERIOD)]
    right = [256, 256] + [(i * 41 + i * i % 89) % 257 for i in range(2, PERIOD)]
    return left, right


def expected(length):
    """The sum in units of 2^-16, from whole numbers."""
    values = [min(max(a * b + a * 128 - b * 64, 0), 65536) for a, b in zip(*base())]
    return length // PERIOD * sum(values) + sum(values[:length % PERIOD])


def kernel(numpy, a, b):
    """The work: the sum of the normalised array."""
    c = a * b + a * 0.5 - b * 0.25
    c = numpy.clip(c, 0.0, 1.0)
    low, high = c.min(), c.max()
    c = (c - low) / (high - low)
    return c.sum()


def once(options, result, numpy):
    """One sum; its checksum."""
    a, b = (numpy.resize(numpy.array(part) / 256, options.length) for part in base())
    with result.timed():
        total = kernel(numpy, a, b)
    if total * 65536 != expected(options.length):
        raise workload.Failure(f"the sum is {total}, not {expected(options.length) / 65536}")
    return workload.digest([int(total * 65536)])


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    parser.add_argument("--length", type=workload.at_least(2), default=150_000_000, metavar="N",
                        help="elements of each array (default: 150000000)")
    options = parser.parse_args()
    numpy = workload.need("numpy")
    workload.repeat(options, once, options.length, numpy)


if __name__ == "__main__":
    workload.run(main)
