"""Multiply two square matrices of float64 by NumPy, A.dot(B), and add up the product.

Measures the BLAS library, which works without the interpreter. It uses as many threads as it finds
cores unless OPENBLAS_NUM_THREADS, MKL_NUM_THREADS or OMP_NUM_THREADS says how many. All elements
are multiples of 1/8 below 1, so that the product is exact whatever the order of its sums; it is
checked by Freivalds' method, A(Bx) = (AB)x, and its sum by the sums of A's columns and B's rows.
"""
import workload


def matrix(numpy, size, seed):
    """A matrix of multiples of 1/8 from 0 to 7/8 that look random; the same with every NumPy."""
    return numpy.random.RandomState(seed).randint(0, 8, (size, size), dtype=numpy.int8) / 8


def verify(numpy, a, b, c, total):
    """Fail unless c is the product of a and b and `total` its sum."""
    vector = numpy.arange(len(a), dtype=numpy.float64) % 13
    if not numpy.array_equal(c.dot(vector), a.dot(b.dot(vector))):
        raise workload.Failure("the product is wrong: (AB)x is not A(Bx)")
    if total != a.sum(axis=0).dot(b.sum(axis=1)):
        raise workload.Failure("the sum of the product is wrong")


def once(options, result, numpy):
    """One multiplication; its checksum."""
    a, b = matrix(numpy, options.size, 1), matrix(numpy, options.size, 2)
    with result.timed():
        c = a.dot(b)
        total = c.sum()
    verify(numpy, a, b, c, total)
    return workload.digest([int(total * 64)])


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    parser.add_argument("--size", type=workload.positive, default=6000, metavar="ROWS",
                        help="rows and columns of the matrices (default: 6000)")
    options = parser.parse_args()
    numpy = workload.need("numpy")
    workload.repeat(options, once, options.size ** 3, numpy)


if __name__ == "__main__":
    workload.run(main)
