"""The Mandelbrot set from x -1.5 to 0.5, y -1 to 1, with 50 iterations at most, in plain Python.

Measures floating-point arithmetic of the interpreter. One worker unless --workers says more; these
then take a row each until none is left. The rows above and below the x axis must be the same.
"""
import workload

ITERATIONS = 50


def row(part):
    """How many iterations each point of a row stays within a distance of 2: one byte for each."""
    number, size = part
    ci = 2.0 * number / size - 1.0
    counts = bytearray(size)
    for column in range(size):
        cr = 2.0 * column / size - 1.5
        zr = zi = 0.0
        count = 0
        while count < ITERATIONS:
            rr = zr * zr
            ii = zi * zi
            if rr + ii > 4.0:
                break
            zi = 2.0 * zr * zi + ci
            zr = rr - ii + cr
            count += 1
        counts[column] = count
    return bytes(counts)


def once(options, result):
    """One picture; its checksum."""
    with result.timed():
        rows = result.run_parts(row, [(number, options.size) for number in range(options.size)])
    if [len(one) for one in rows] != [options.size] * options.size:
        raise workload.Failure("points of the picture are missing")
    for number in range(1, options.size):
        if rows[number] != rows[-number]:
            raise workload.Failure(f"rows {number} and {options.size - number} differ")
    return workload.digest(rows)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser, mode=None)
    parser.add_argument("--size", type=workload.positive, default=500, metavar="ROWS",
                        help="rows and columns of the picture (default: 500)")
    options = parser.parse_args()
    workload.repeat(options, once, options.size ** 2)


if __name__ == "__main__":
    workload.run(main)
