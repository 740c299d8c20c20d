"""What the workloads share: options, the clock, and the JSON line that a workload ends with.

A workload is a program of its own: `python mandelbrot.py --size 500`. It builds its data (not timed), does its work
between `with result.timed():` once or more often, and prints one line by `result.report(work, checksum)`:

    {"workload": "mandelbrot", "work": 250000, "checksum": "9c8e...", "gil_enabled": true, "gil_at_start": true,
     "gil_at_end": true, "build": "CPython 3.13.15 gil", "threads": 1, "mode": "sequential", "seconds": 0.61,
     "iterations": [0.61], "rss": 11534336, "pss": 9961472, "vms": 18874368}

work        units of work, the same for the same parameters, whatever the interpreter, the number of workers or the mode
checksum    of the answer, not of how it came about: equal over interpreters, numbers of workers, modes and machines
gil_enabled was it on at the start or at the end? An extension that is not made for it may switch it on
seconds     of the work alone, by time.perf_counter(): the sum of iterations
rss         most resident memory of the process (VmHWM); of its children, what they had at the end of the work, is added
pss         memory at the end of the work, over all processes, what they share counted once; null where it cannot be read
vms         most address space of the process (VmPeak), and its children's

Standard library alone; NumPy only in numpy_*.py.
"""
