"""Particles that attract one another, every pair of them, in plain Python; a share for each worker.

Measures floating-point arithmetic that reads what all share, and the making of pools: a new one for
every step, as long as --pool does not say `once`. The sum over the others is always made in the
same order, by operations that IEEE 754 defines to the last bit, so that the answer is exact. The
particles' momentum must stay what it was.
"""
import math

import workload

STEP = 1 / 1024      # of time
SOFTENING = 1 / 256  # added to a squared distance: no pair is ever too close


def particles(count):
    """Places in a cube, velocities and masses: seven lists."""
    state = 42
    lists = [[] for _ in range(7)]
    for _ in range(count):
        for values in lists:
            state = (state * 1103515245 + 12345) & 0x7fffffff
            values.append(((state >> 8) % 4096 - 2048) / 2048)
    lists[6] = [1 + abs(mass) for mass in lists[6]]
    return lists


def accelerations(part):
    """The accelerations of the particles first to end-1: three lists."""
    xs, ys, zs, masses, first, end = part
    axs, ays, azs = [], [], []
    sqrt = math.sqrt
    for i in range(first, end):
        x, y, z = xs[i], ys[i], zs[i]
        ax = ay = az = 0.0
        for j in range(len(xs)):
            dx = xs[j] - x
            dy = ys[j] - y
            dz = zs[j] - z
            square = dx * dx + dy * dy + dz * dz + SOFTENING
            pull = masses[j] / (square * sqrt(square))
            ax += pull * dx
            ay += pull * dy
            az += pull * dz
        axs.append(ax)
        ays.append(ay)
        azs.append(az)
    return axs, ays, azs


def step(options, run_all, state):
    """Move all particles by one step."""
    places, velocities, masses = state[:3], state[3:6], state[6]
    parts = [(*places, masses, a, b)
             for a, b in workload.spread(options.particles, options.workers)]
    found = run_all(accelerations, parts)
    for axis in range(3):
        place, velocity = places[axis], velocities[axis]
        forces = [value for part in found for value in part[axis]]
        for i, force in enumerate(forces):
            velocity[i] += force * STEP
            place[i] += velocity[i] * STEP


def simulate(options, result, state):
    """All the steps, with one pool or with a pool for each."""
    if options.pool == "once":
        with result.pool() as run_all:
            for _ in range(options.steps):
                step(options, run_all, state)
    else:
        for _ in range(options.steps):
            step(options, result.run_parts, state)


def momentum(state):
    """The sum of mass times velocity: three numbers."""
    return [math.fsum(m * v for m, v in zip(state[6], state[axis])) for axis in (3, 4, 5)]


def once(options, result):
    """One simulation; its checksum."""
    state = particles(options.particles)
    before = momentum(state)
    with result.timed():
        simulate(options, result, state)
    if max(abs(a - b) for a, b in zip(before, momentum(state))) > 1e-9 * options.particles:
        raise workload.Failure("the momentum has changed")
    return workload.digest(value.hex() for values in state for value in values)


def main():
    """See the docstring of the program."""
    parser = workload.parser(__doc__)
    workload.add_workers(parser)
    parser.add_argument("--particles", type=workload.at_least(2), default=2000, metavar="N",
                        help="particles (default: 2000)")
    parser.add_argument("--steps", type=workload.positive, default=10, metavar="K",
                        help="steps of time (default: 10)")
    parser.add_argument("--pool", choices=("per-step", "once"), default="per-step",
                        help="when the workers are made (default: per-step)")
    options = parser.parse_args()
    workload.repeat(options, once, options.particles ** 2 * options.steps)


if __name__ == "__main__":
    workload.run(main)
