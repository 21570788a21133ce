"""The smallest experiment worth running: two groups on a loop."""

PAIR = """\
cosim: 1
seed: 4
duration: 20 ms
step: 0.1 ms
groups:
  a: {component: clockwork, params: {size: 6}}
  b: {component: clockwork, params: {size: 6}}
couplings:
  - {name: there, from: a.x, to: b.in, delay: 1.2 ms}
  - {name: back, from: b.x, to: a.in, delay: 2 ms}
record: [a.x, a.spikes, b.x]
"""
