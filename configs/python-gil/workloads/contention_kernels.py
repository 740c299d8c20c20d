"""The kernels of contention.py: what a worker does with an object that it shares or has to itself.

Every operation of a kernel adds one to what its workers hand back, or to the state of the object,
so that what is missing at the end is what was lost. A kernel is:

    operations          how many in all when nobody says; about a second of one core
    make(counts)        the object, for a group of workers; counts: the operations of each of them
    work(state, place, count)   the timed loop of the group's worker number `place`; returns the
                        operations that it can prove
    tally(state, counts)    the operations that the object proves once everybody is done

Loops hold what they use in local variables: what is compared is the object, not the way to it.
"""
import itertools
import queue
import threading
import time
import types

FIRST = 257  # up to 256 a number is an object that there is once for all, and quicker to use
SLOTS = 64  # of a worker in a list: 512 bytes, so that few share a cache line with a neighbour's
UNIT = 1009  # a number with a reference count of its own, which small ones do not have
TEXT = 1_000_000_000  # numbers from here on have ten digits


class Kernel:
    """What most kernels have in common. options: those of contention.py."""

    operations = 20_000_000
    owned_by_main = False  # who makes a shared object: the main thread, or a worker that shares it

    def __init__(self, options):
        self.options = options

    def make(self, counts):
        raise NotImplementedError

    def work(self, state, place, count):
        raise NotImplementedError

    def tally(self, state, counts):
        return 0


class ListSetitem(Kernel):
    """Items of a list are set: every worker has its own places in it."""

    def make(self, counts):
        return [0] * (FIRST + SLOTS * len(counts))

    def work(self, state, place, count):
        own = range(FIRST + place * SLOTS, FIRST + (place + 1) * SLOTS)
        for slot in itertools.islice(itertools.cycle(own), count):
            state[slot] = 1
        return 0

    def tally(self, state, counts):
        done = 0
        for place, count in enumerate(counts):
            first = FIRST + place * SLOTS
            done += count - (min(count, SLOTS) - sum(state[first:first + SLOTS]))
        return done


class ListRead(Kernel):
    """Items of a list are read."""

    def make(self, counts):
        return [1] * SLOTS

    def work(self, state, place, count):
        done = 0
        for slot in itertools.islice(itertools.cycle(range(SLOTS)), count):
            done += state[slot]
        return done


class DictRead(ListRead):
    """Values of a dictionary are read."""

    def make(self, counts):
        return dict.fromkeys(range(SLOTS), 1)


class Counter:
    """A number and its lock."""

    def __init__(self):
        self.lock = threading.Lock()
        self.count = 0


class Lock(Kernel):
    """A lock is taken, a number raised, the lock held for --hold microseconds, and given back."""

    operations = 5_000_000

    def make(self, counts):
        return Counter()

    def work(self, state, place, count):
        hold = round(self.options.hold * 1000)
        lock, clock = state.lock, time.perf_counter_ns
        if hold == 0:
            for _ in itertools.repeat(None, count):
                with lock:
                    state.count += 1
            return 0
        for _ in itertools.repeat(None, count):
            with lock:
                state.count += 1
                end = clock() + hold
                while clock() < end:
                    pass
        return 0

    def tally(self, state, counts):
        return state.count


class Counts:
    """A dictionary of counts, its lock, and a place where the group meets."""

    def __init__(self, members):
        self.values = {"items": 0}
        self.lock = threading.Lock()
        self.meeting = threading.Barrier(members)


def one_more(number):
    return number + 1


class DictCounter(Kernel):
    """A count in a dictionary is raised under a lock; with --racy without it, which loses counts.

    The first operation of the racy one is staged: all of the group read the count before any of
    them writes it. Whatever follows, at most one of these writes can be in the count at the end,
    so that for every further worker at least one is lost, on any interpreter, GIL or not. What
    else is lost is left to chance, and much is.
    """

    operations = 5_000_000

    def make(self, counts):
        return Counts(len(counts))

    def work(self, state, place, count):
        values = state.values
        if self.options.racy:
            seen = values["items"]
            state.meeting.wait()
            values["items"] = one_more(seen)
            for _ in itertools.repeat(None, count - 1):
                values["items"] = one_more(values["items"])
            return 0
        lock = state.lock
        for _ in itertools.repeat(None, count):
            with lock:
                values["items"] += 1
        return 0

    def tally(self, state, counts):
        return state.values["items"]


class Box:
    """Something with attributes and a method."""

    def __init__(self):
        self.one = 1
        self.value = -1

    def more(self, number):
        return number + 1


class Attribute(Kernel):
    """An attribute of an object is set, counting down: it ends at 0 whoever is last."""

    def make(self, counts):
        return Box()

    def work(self, state, place, count):
        for number in range(count - 1, -1, -1):
            state.value = number & 127
        return 0

    def tally(self, state, counts):
        return sum(counts) if state.value == 0 else 0


class AttributeRead(Kernel):
    """An attribute of an object is read."""

    def make(self, counts):
        return Box()

    def work(self, state, place, count):
        done = 0
        for _ in itertools.repeat(None, count):
            done += state.one
        return done


class MethodCall(Kernel):
    """A method of an object is looked up and called."""

    operations = 10_000_000

    def make(self, counts):
        return Box()

    def work(self, state, place, count):
        done = 0
        for _ in itertools.repeat(None, count):
            done = state.more(done)
        return done


class FunctionCall(Kernel):
    """A function is called."""

    operations = 10_000_000

    def make(self, counts):
        return types.FunctionType(one_more.__code__.replace(), globals())

    def work(self, state, place, count):
        done = 0
        for _ in itertools.repeat(None, count):
            done = state(done)
        return done


class ObjectCreate(Kernel):
    """Objects of a class are made and dropped."""

    operations = 10_000_000

    def make(self, counts):
        return type("Thing", (), {"one": 1})

    def work(self, state, place, count):
        done = 0
        for _ in itertools.repeat(None, count):
            done += state().one
        return done


class TupleCreate(Kernel):
    """Tuples that hold one object twice are made and dropped."""

    def make(self, counts):
        return int(str(UNIT))  # an object of its own for every group, which a literal would not be

    def work(self, state, place, count):
        total = 0
        for _ in itertools.repeat(None, count):
            total += (state, state)[1]
        return total // UNIT


class ListCreate(TupleCreate):
    """Lists that hold one object twice are made and dropped."""

    def work(self, state, place, count):
        total = 0
        for _ in itertools.repeat(None, count):
            total += [state, state][1]
        return total // UNIT


class DictCreate(TupleCreate):
    """Dictionaries that hold one object twice are made and dropped."""

    operations = 10_000_000

    def work(self, state, place, count):
        total = 0
        for _ in itertools.repeat(None, count):
            total += {"a": state, "b": state}["b"]
        return total // UNIT


class Queue(Kernel):
    """One is put into a queue and one is taken out; there is always one for each who takes."""

    operations = 500_000

    def make(self, counts):
        return queue.Queue()

    def work(self, state, place, count):
        done = 0
        put, get = state.put, state.get
        for _ in itertools.repeat(None, count):
            put(1)
            done += get()
        return done


class CrossFree(Kernel):
    """Texts lose their last reference: those of the worker itself, or (shared) of the main thread.

    Making them is not timed. With --owner running the main thread does not sleep but runs Python
    while they are dropped, in both twins.
    """

    operations = 5_000_000
    owned_by_main = True

    def make(self, counts):
        return [[str(TEXT + number) for number in range(count)] for count in counts]

    def work(self, state, place, count):
        total = 0
        pop = state[place].pop
        for _ in itertools.repeat(None, count):
            total += len(pop())
        return total // len(str(TEXT))


KERNELS = {
    "list_setitem": ListSetitem,
    "list_read": ListRead,
    "dict_read": DictRead,
    "dict_counter": DictCounter,
    "attribute": Attribute,
    "attribute_read": AttributeRead,
    "lock": Lock,
    "queue": Queue,
    "cross_free": CrossFree,
    "function_call": FunctionCall,
    "method_call": MethodCall,
    "object_create": ObjectCreate,
    "tuple_create": TupleCreate,
    "list_create": ListCreate,
    "dict_create": DictCreate,
}
