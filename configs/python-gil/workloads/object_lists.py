"""Make objects of a dataclass, copy some, and keep moving them in lists; a share for each worker.

Measures the making and freeing of objects and the growing and shrinking of lists, on independent
data: every worker has lists of its own. A fourth of the objects gets a copy, which is found again
at the end. The default takes about 2 GiB. How many objects and copies there are and what they add
up to is known beforehand.
"""
import dataclasses

import workload

COPIED = 4    # one object in so many is copied
MOVED = 1024  # after so many objects, half as many are taken off the list's end and put back


@dataclasses.dataclass
class Item:
    """What the lists hold."""
    key: int
    group: int
    label: str


def fill(first, end):
    """The objects with the keys first to end-1, some of them twice, some moved more than once."""
    items = []
    for key in range(first, end):
        item = Item(key, key % 97, "even" if key % 2 == 0 else "odd")
        items.append(item)
        if key % COPIED == 0:
            items.append(Item(item.key, item.group, item.label))
        if key % MOVED == MOVED - 1:
            moved = items[-MOVED // 2:]
            del items[-MOVED // 2:]
            while moved:
                items.append(moved.pop())
    return items


def summarize(items):
    """Take the list apart: (objects, copies in it, sum of keys, sum of groups, even labels)."""
    seen = set()
    objects = copies = keys = groups = even = 0
    while items:
        item = items.pop()
        objects += 1
        if item.key in seen:
            copies += 1
        seen.add(item.key)
        keys += item.key
        groups += item.group
        even += item.label == "even"
    return objects, copies, keys, groups, even


def make(part):
    """One worker's share of the keys: the counts of summarize()."""
    return summarize(fill(*part))


def expected(count):
    """The same counts, without objects."""
    copied = range(0, count, COPIED)
    groups = sum(key % 97 for key in range(count)) + sum(key % 97 for key in copied)
    return [count + len(copied), len(copied), sum(range(count)) + sum(copied), groups,
            (count + 1) // 2 + len(copied)]


def once(options, result):
    """All objects once; the checksum of the counts."""
    with result.timed():
        shares = workload.spread(options.objects, options.workers)
        sums = [sum(column) for column in zip(*result.run_parts(make, shares))]
    if sums != expected(options.objects):
        raise workload.Failure(f"objects, copies and sums are {sums}, "
                               f"not {expected(options.objects)}")
    return workload.digest(sums)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--objects", type=workload.positive, default=8_000_000, metavar="N",
                        help="objects (default: 8000000)")
    options = parser.parse_args()
    workload.repeat(options, once, options.objects)


if __name__ == "__main__":
    workload.run(main)
