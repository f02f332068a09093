"""Every audio classifier of transformers: the same outputs, and nothing is lost on the way."""

import pytest

from tests.explainers.lrp.networks import names
from tests.explainers.lrp.test_networks_conserve import check

pytest.importorskip("transformers")


@pytest.mark.parametrize("composite", ["attnlrp", "epsilon_plus"])
@pytest.mark.parametrize("name", names("huggingface"))
def test_classifier(name, composite):
    check(name, composite)


@pytest.mark.parametrize("composite", ["epsilon", "gamma", "flat_first"])
@pytest.mark.parametrize("name", [one for one in names("huggingface") if one.count("-") < 2])
def test_plain_classifier(name, composite):
    check(name, composite)
