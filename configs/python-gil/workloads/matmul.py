"""Multiply two square matrices of integers, lists of lists, in plain Python: a block of rows for
each worker.

Measures arithmetic on independent data: every worker reads both matrices and makes rows of its own.
The answer is checked by Freivalds' method: A(Bx) must be (AB)x for a vector x.
"""
import workload


def matrix(size, seed):
    """A matrix of small integers that look like random ones."""
    state = seed
    rows = []
    for _ in range(size):
        row = []
        for _ in range(size):
            state = (state * 1103515245 + 12345) & 0x7fffffff
            row.append((state >> 16) % 100)
        rows.append(row)
    return rows


def multiply(part):
    """The rows of the product that belong to some rows of the left matrix: (rows, right matrix)."""
    rows, right = part
    size = len(right)
    columns = range(len(right[0]))
    product = []
    for row in rows:
        made = []
        for j in columns:
            total = 0
            for k in range(size):
                total += row[k] * right[k][j]
            made.append(total)
        product.append(made)
    return product


def times(rows, vector):
    """A matrix times a vector."""
    return [sum(a * b for a, b in zip(row, vector)) for row in rows]


def once(options, result):
    """One multiplication; its checksum."""
    left, right = matrix(options.size, 1), matrix(options.size, 2)
    with result.timed():
        parts = [(left[a:b], right) for a, b in workload.spread(options.size, options.workers)]
        product = [row for rows in result.run_parts(multiply, parts) for row in rows]
    vector = [(7 * i + 3) % 1009 for i in range(options.size)]
    if times(product, vector) != times(left, times(right, vector)):
        raise workload.Failure("the product is wrong: (AB)x is not A(Bx)")
    return workload.digest(" ".join(map(str, row)) for row in product)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--size", type=workload.positive, default=768, metavar="ROWS",
                        help="rows and columns of the matrices (default: 768)")
    options = parser.parse_args()
    workload.repeat(options, once, options.size ** 3)


if __name__ == "__main__":
    workload.run(main)
