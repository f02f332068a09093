"""Ask captum, once, for the relevance of the tiny networks of its own tests.

The networks are built anew from their description, captum answers in float64, and its answers must
be the numbers that its tests publish. Captum is in the project's environment; run from the root:
`.venv/bin/python -m tests.benchmarks.peers.freeze_captum`
"""

import json
from importlib.metadata import version
from pathlib import Path

import torch
from captum.attr import LRP
from captum.attr._utils import lrp_rules

from tests.explainers.lrp.oracles import stored

FIXTURE = Path("tests/explainers/lrp/oracles/captum.json")

LINEAR_3_3 = ["Linear", {"in_features": 3, "out_features": 3, "bias": False}]
LINEAR_3_1 = ["Linear", {"in_features": 3, "out_features": 1, "bias": False}]
SIMPLE = [LINEAR_3_3, ["ReLU", {}], LINEAR_3_1]
SIMPLE_STATE = {"0.weight": [[2.0] * 3] * 3, "2.weight": [[3.0] * 3]}
MIXED_STATE = SIMPLE_STATE | {"0.weight": [[-2.0, 2.0, 2.0], [2.0] * 3, [2.0] * 3]}
EPSILON = ["EpsilonRule", {}]

# Of every case: the modules of an nn.Sequential, its state, captum's rule for the modules that have
# one (by position), the input, the target, and the relevance in captum's tests/attr/test_lrp.py.
CASES = [
    {
        "name": "conv2d_relu_linear_relu",
        "modules": [
            ["Conv2d", {"in_channels": 1, "out_channels": 2, "kernel_size": 3}],
            ["ReLU", {}],
            ["Flatten", {}],
            ["Linear", {"in_features": 8, "out_features": 4}],
            ["ReLU", {}],
        ],
        "state": {
            "0.weight": [[[[1.0] * 3] * 3]] * 2,
            "0.bias": [-50.0, -75.0],
            "3.weight": [[1.0] * 5 + [-1.0] * 3] * 4,
            "3.bias": [0.0] * 4,
        },
        "rules": {"0": EPSILON, "2": EPSILON, "3": EPSILON},  # captum has no rule for Flatten
        "input": [[[[4.0 * row + column for column in range(4)] for row in range(4)]]],
        "target": 0,
        "published": [[[[0, 1, 2, 3], [0, 5, 6, 7], [0, 9, 10, 11], [0, 0, 0, 0]]]],
    },
    {
        "name": "epsilon",
        "modules": SIMPLE,
        "state": SIMPLE_STATE,
        "rules": {"0": EPSILON, "2": EPSILON},
        "input": [[1.0, 2.0, 3.0], [3.0, 6.0, 9.0]],
        "target": 0,
        "published": [[18, 36, 54], [54, 108, 162]],
    },
    {
        "name": "tanh",
        "modules": [LINEAR_3_3, ["Tanh", {}], LINEAR_3_1],
        "state": {"0.weight": [[0.1] * 3] * 3, "2.weight": [[0.1] * 3]},
        "rules": {"0": EPSILON, "2": EPSILON},
        "input": [[1.0, 2.0, 3.0]],
        "target": 0,
        "published": [[0.0269, 0.0537, 0.0806]],
    },
    {
        "name": "gamma",
        "modules": SIMPLE,
        "state": MIXED_STATE,
        "rules": {"0": ["GammaRule", {"gamma": 1.0}], "2": ["GammaRule", {"gamma": 0.25}]},
        "input": [[1.0, 2.0, 3.0]],
        "target": 0,
        "published": [[28 / 3, 104 / 3, 52]],
    },
    {
        "name": "alpha1_beta0",
        "modules": SIMPLE,
        "state": MIXED_STATE,
        "rules": {"0": ["Alpha1_Beta0_Rule", {}], "2": ["Alpha1_Beta0_Rule", {}]},
        "input": [[1.0, 2.0, 3.0]],
        "target": 0,
        "published": [[12, 33.6, 50.4]],
    },
    {
        "name": "identity",
        "modules": SIMPLE,
        "state": MIXED_STATE,
        "rules": {"0": ["IdentityRule", {}], "2": EPSILON},
        "input": [[1.0, 2.0, 3.0]],
        "target": 0,
        "published": [[24, 36, 36]],
    },
    {
        "name": "skip",
        "modules": [["Skip", {"features": 2}]],
        "state": {"0.linear.weight": [[5.0, 5.0], [5.0, 5.0]]},
        "rules": {"0.linear": EPSILON, "0.add": EPSILON},
        "input": [[2.0, 3.0]],
        "target": 1,
        "published": [[10, 18]],
    },
    {
        "name": "max_pool1d",
        "modules": [
            ["Linear", {"in_features": 2, "out_features": 2, "bias": False}],
            ["MaxPool1d", {"kernel_size": 2}],
        ],
        "state": {"0.weight": [[2.0, 2.0], [2.0, 2.0]]},
        "rules": {"0": EPSILON, "1": EPSILON},
        "input": [[[1.0, 2.0], [5.0, 6.0]]],
        "target": [1, 0],
        "published": [[[0, 0], [10, 12]]],
    },
    {
        "name": "max_pool2d",
        "modules": [["MaxPool2d", {"kernel_size": 2}]],
        "state": {},
        "rules": {"0": EPSILON},
        "input": [[[[1.0, 2.0], [5.0, 6.0]]]],
        "target": [0, 0, 0],
        "published": [[[[0, 0], [0, 6]]]],
    },
    {
        "name": "max_pool3d",
        "modules": [["MaxPool3d", {"kernel_size": 2}]],
        "state": {},
        "rules": {"0": EPSILON},
        "input": [[[[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]]]],
        "target": [0, 0, 0, 0],
        "published": [[[[[0, 0], [0, 0]], [[0, 0], [0, 8]]]]],
    },
]


def answer(case):
    """Captum's relevance at the input, and the network's output."""
    network = stored.network(case)
    for path, (rule, settings) in case["rules"].items():
        network.get_submodule(path).rule = getattr(lrp_rules, rule)(**settings)
    x = stored.tensor(case["input"])
    target = case["target"]
    target = tuple(target) if isinstance(target, list) else target
    with torch.no_grad():
        output = network(x)
    relevance = LRP(network).attribute(x, target=target).detach()
    published = stored.tensor(case["published"])
    torch.testing.assert_close(relevance, published, rtol=1e-6, atol=6e-5, msg=case["name"])
    return {"output": output.tolist(), "relevance": relevance.tolist()}


def main():
    frozen = {
        "made_by": {name: version(name) for name in ("captum", "torch")},
        "cases": [case | answer(case) for case in CASES],
    }
    FIXTURE.write_text(json.dumps(frozen, separators=(",", ":")) + "\n")
    print(f"{FIXTURE}: {FIXTURE.stat().st_size / 1000:.1f} kB, {len(CASES)} networks")


if __name__ == "__main__":
    main()
