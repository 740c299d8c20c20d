"""Sort a list of descending integers in place by bubble sort, in plain Python.

Measures comparisons of integers and writes to a list, on one core. Every neighbour must be swapped,
which is the most that bubble sort can have to do. The list must end ascending and complete.
"""
import workload


def bubble_sort(items):
    """Sort in place; stop when a pass swaps nothing."""
    for end in range(len(items) - 1, 0, -1):
        swapped = False
        for i in range(end):
            if items[i] > items[i + 1]:
                items[i], items[i + 1] = items[i + 1], items[i]
                swapped = True
        if not swapped:
            break


def once(options, result):
    """One sort; its checksum."""
    items = list(range(options.items, 0, -1))
    with result.timed():
        bubble_sort(items)
    if items != list(range(1, options.items + 1)):
        raise workload.Failure("the list is not in order")
    return workload.digest(items)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    parser.add_argument("--items", type=workload.at_least(2), default=5000, metavar="N",
                        help="items of the list (default: 5000)")
    options = parser.parse_args()
    workload.repeat(options, once, options.items * (options.items - 1) // 2)


if __name__ == "__main__":
    workload.run(main)
