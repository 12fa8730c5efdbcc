"""The heads: one distribution whichever way it is asked, the same in pieces, and gradients for all parameters."""

from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lstmlab.errors import UserError
from lstmlab.nn import AdaptiveHead, ChunkedHead, Head, LinearHead
from lstmlab.nn.adaptive_head import default_cutoffs
from lstmlab.nn.full_softmax import rows_at_once, softmax_total

TYPES, WIDTH, TOKENS = 50, 8, 23
CUTOFFS = [10, 25, 40]


@pytest.fixture
def hidden() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(TOKENS, WIDTH, dtype=torch.double)


@pytest.fixture
def targets() -> Tensor:
    torch.manual_seed(2)
    return torch.randint(0, TYPES, (TOKENS,))


@pytest.fixture(params=["linear", "chunked", "adaptive", "adaptive without clusters"])
def head(request: pytest.FixtureRequest) -> Head:
    torch.manual_seed(0)
    made: dict[str, Any] = {
        "linear": lambda: LinearHead(WIDTH, TYPES),
        "chunked": lambda: ChunkedHead(WIDTH, TYPES, chunk_elements=3 * TYPES),
        "adaptive": lambda: AdaptiveHead(WIDTH, TYPES, cutoffs=CUTOFFS, div_value=2.0),
        "adaptive without clusters": lambda: AdaptiveHead(WIDTH, TYPES),
    }
    one: Head = made[request.param]().double()
    for parameter in one.parameters():
        nn.init.normal_(parameter)
    return one


def gradients(head: Head, hidden: Tensor, targets: Tensor, how: str = "total") -> list[Tensor]:
    """The total, and its gradients by hidden and all parameters, scaled by 0.3."""
    head.zero_grad()
    hidden = hidden.clone().requires_grad_()
    total = head.total(hidden, targets) if how == "total" else head.loss(hidden, targets).sum()
    (0.3 * total).backward()
    found = [hidden.grad, *(parameter.grad for parameter in head.parameters())]
    assert all(gradient is not None for gradient in found)
    return [total.detach(), *(gradient for gradient in found if gradient is not None)]


def assert_close(mine: list[Tensor], theirs: list[Tensor]) -> None:
    for a, b in zip(mine, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


# -- every head -------------------------------------------------------------------------------------------------------


def test_one_distribution(head: Head, hidden: Tensor, targets: Tensor) -> None:
    """total, loss, loss_and_best (with and without gradients) and logits agree; ignored targets cost nothing."""
    targets[[3, 7]] = -100
    logits = head.logits(hidden)
    assert logits.shape == (TOKENS, TYPES)
    expected = nn.functional.cross_entropy(logits, targets, reduction="none")
    torch.testing.assert_close(head.loss(hidden, targets), expected)
    torch.testing.assert_close(head.total(hidden, targets), expected.sum())
    for grad in (True, False):
        with torch.set_grad_enabled(grad):
            nats, best = head.loss_and_best(hidden, targets)
            torch.testing.assert_close(nats, expected)
            torch.testing.assert_close(head.total(hidden, targets), expected.sum())
        assert torch.equal(best, logits.argmax(-1))


def test_the_gradients_of_the_total_are_those_of_the_loss(head: Head, hidden: Tensor, targets: Tensor) -> None:
    targets[[0, 22]] = -100
    assert_close(gradients(head, hidden, targets), gradients(head, hidden, targets, "loss"))


def test_gradcheck(head: Head, hidden: Tensor, targets: Tensor) -> None:
    """Also that a graph can be walked twice, which gradcheck does."""
    parameters = dict(head.named_parameters())

    def total(some: Tensor, *values: Tensor) -> Tensor:
        named = dict(zip(parameters, values, strict=True))
        result: Tensor = torch.func.functional_call(_Total(head), {f"head.{k}": v for k, v in named.items()}, (some,))
        return result

    class _Total(nn.Module):
        def __init__(self, head: Head) -> None:
            super().__init__()
            self.head = head

        def forward(self, some: Tensor) -> Tensor:
            return self.head.total(some, targets[:5])

    values = [parameter.detach().clone().requires_grad_() for parameter in parameters.values()]
    assert torch.autograd.gradcheck(total, (hidden[:5].clone().requires_grad_(), *values))


def test_a_second_backward_pass_adds_the_same_gradients(head: Head, hidden: Tensor, targets: Tensor) -> None:
    once = gradients(head, hidden, targets)[2:]
    head.zero_grad()
    total = head.total(hidden, targets)
    (0.1 * total).backward(retain_graph=True)
    (0.2 * total).backward()
    assert_close([p.grad for p in head.parameters() if p.grad is not None], once)


def test_all_targets_ignored(head: Head, hidden: Tensor, targets: Tensor) -> None:
    for tensor in gradients(head, hidden, torch.full_like(targets, -100)):
        assert not tensor.any()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast(head: Head, hidden: Tensor, targets: Tensor, dtype: torch.dtype) -> None:
    """Products in 16 bits, the softmax and the sums in fp32, gradients in the parameters' own type."""
    for parameter in head.parameters():
        nn.init.normal_(parameter, 0, 0.3)
    exact = gradients(head, hidden, targets)
    head.float()
    with torch.autocast("cpu", dtype):
        assert head.total(hidden.float(), targets).dtype == torch.float32
        assert head.loss(hidden.float(), targets).dtype == torch.float32
        mine = gradients(head, hidden.float(), targets)
    for a, b in zip(mine, exact, strict=True):
        assert a.dtype == torch.float32
        assert float((a - b).norm() / b.norm()) < 0.03


# -- chunked ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elements", [1, TYPES, 4 * TYPES + 3, 22 * TYPES, 10**9])
def test_chunked_is_linear(hidden: Tensor, targets: Tensor, elements: int) -> None:
    torch.manual_seed(0)
    linear = LinearHead(WIDTH, TYPES).double()
    nn.init.normal_(linear.linear.bias)
    chunked = ChunkedHead(WIDTH, TYPES, chunk_elements=elements).double()
    chunked.load_state_dict(linear.state_dict())
    targets[5] = -100
    for how in ("total", "loss"):
        assert_close(gradients(chunked, hidden, targets, how), gradients(linear, hidden, targets, how))
    assert torch.equal(chunked.loss_and_best(hidden, targets)[1], linear.logits(hidden).argmax(-1))


def test_chunked_shares_a_tied_matrix(hidden: Tensor, targets: Tensor) -> None:
    """Its gradient has both parts: of the embedding and of the head."""
    torch.manual_seed(0)
    ids = torch.randint(0, TYPES, (TOKENS,))
    found = []
    for cls in (LinearHead, ChunkedHead):
        torch.manual_seed(3)
        embedding = nn.Embedding(TYPES, WIDTH).double()
        head = cls(WIDTH, TYPES, tied=embedding.weight).double()
        assert head.linear.weight is embedding.weight
        head.total(embedding(ids) + hidden, targets).backward()
        assert embedding.weight.grad is not None
        found.append(embedding.weight.grad)
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-12)


def test_improbable_targets_do_not_overflow() -> None:
    hidden, weight = torch.full((2, 1), 1000.0), torch.tensor([[1.0], [0.0], [-1.0]])
    total = softmax_total(hidden.requires_grad_(), weight.requires_grad_(), None, torch.tensor([2, 0]), 3)
    total.backward()  # type: ignore[no-untyped-call]
    assert float(total.detach()) == 2000.0
    assert hidden.grad is not None and torch.equal(hidden.grad, torch.tensor([[2.0], [0.0]]))


@pytest.mark.parametrize(
    ("rows", "classes", "elements", "expected"), [(10, 5, 1, 1), (10, 5, 20, 4), (9, 5, 20, 3), (0, 5, 20, 1)]
)
def test_rows_at_once(rows: int, classes: int, elements: int, expected: int) -> None:
    assert rows_at_once(rows, classes, elements) == expected


def test_no_gradients_where_none_are_needed(hidden: Tensor, targets: Tensor) -> None:
    head = ChunkedHead(WIDTH, TYPES).double().requires_grad_(False)
    some = hidden.clone().requires_grad_()
    head.total(some, targets).backward()
    assert some.grad is not None and head.linear.weight.grad is None
    assert not head.total(hidden, targets).requires_grad


# -- adaptive ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def adaptive() -> AdaptiveHead:
    torch.manual_seed(0)
    head = AdaptiveHead(WIDTH, TYPES, cutoffs=CUTOFFS, div_value=2.0).double()
    nn.init.normal_(head.head.bias)
    return head


def test_adaptive_is_a_distribution(adaptive: AdaptiveHead, hidden: Tensor) -> None:
    log_p = adaptive.logits(hidden.view(1, TOKENS, WIDTH))
    assert log_p.shape == (1, TOKENS, TYPES)
    torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(1, TOKENS, dtype=torch.double))


def test_adaptive_is_torchs(adaptive: AdaptiveHead, hidden: Tensor, targets: Tensor) -> None:
    theirs = nn.AdaptiveLogSoftmaxWithLoss(WIDTH, TYPES, CUTOFFS, div_value=2.0, head_bias=True).double()
    theirs.load_state_dict({name.replace("clusters.", "tail."): v for name, v in adaptive.state_dict().items()})
    found = theirs(hidden, targets)
    torch.testing.assert_close(-found.output, adaptive.loss(hidden, targets))
    torch.testing.assert_close(theirs.log_prob(hidden), adaptive.logits(hidden))
    mine = gradients(adaptive, hidden, targets)[2:]
    (0.3 * TOKENS * found.loss).backward()
    theirs_by_name = {name.replace("tail.", "clusters."): p.grad for name, p in theirs.named_parameters()}
    assert_close(mine, [theirs_by_name[name] for name, _ in adaptive.named_parameters()])


def test_all_parameters_get_a_gradient_without_a_rare_token(adaptive: AdaptiveHead, hidden: Tensor) -> None:
    frequent = torch.zeros(TOKENS, dtype=torch.long)
    for how in ("total", "loss"):
        gradients(adaptive, hidden, frequent, how)  # asserts that all are there
        assert not any(p.grad.any() for p in adaptive.clusters.parameters() if p.grad is not None)


@pytest.mark.parametrize("raised", [(10,), (11,), (12,), (10, 11, 12), ()])
def test_best_where_clusters_are_probable(
    adaptive: AdaptiveHead, hidden: Tensor, targets: Tensor, raised: tuple[int, ...]
) -> None:
    with torch.no_grad():
        for entry in raised:
            adaptive.head.bias[entry] += 3
        for cluster in adaptive.clusters:
            cluster[1].weight.mul_(10)
        nats, best = adaptive.loss_and_best(hidden, targets)
    expected = adaptive.logits(hidden)
    assert torch.equal(best, expected.argmax(-1))
    torch.testing.assert_close(nats, -expected.gather(1, targets[:, None])[:, 0])
    assert not raised or (best >= CUTOFFS[0]).any()


def test_without_clusters_it_is_the_full_softmax(hidden: Tensor, targets: Tensor) -> None:
    linear, adaptive = LinearHead(WIDTH, TYPES).double(), AdaptiveHead(WIDTH, TYPES).double()
    assert default_cutoffs(TYPES) == [] and not list(adaptive.clusters)
    adaptive.head.load_state_dict(linear.linear.state_dict())
    assert_close(gradients(adaptive, hidden, targets), gradients(linear, hidden, targets))


@pytest.mark.parametrize("size", [1, 11, 3999, 4000, 10_000, 33_000, 100_000, 10**6])
def test_default_cutoffs_increase_below_the_size(size: int) -> None:
    cutoffs = [0, *default_cutoffs(size), size]
    assert all(a < b for a, b in pairwise(cutoffs))
    assert (len(cutoffs) > 2) == (size >= 4000)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cutoffs": [5, 3]}, r"head\.cutoffs=\[5, 3\] must be increasing"),
        ({"cutoffs": [0, 3]}, r"head\.cutoffs=\[0, 3\] must be increasing"),
        ({"cutoffs": [5, TYPES]}, r"head\.cutoffs=\[5, 50\] must lie below the size of the vocabulary, which is 50"),
        ({"div_value": 0.5}, r"head\.div_value=0\.5"),
        ({"tied": nn.Parameter(torch.zeros(TYPES, WIDTH))}, r"model\.tie_weights=true and head=adaptive"),
    ],
)
def test_what_adaptive_refuses(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        AdaptiveHead(WIDTH, TYPES, **options)


def test_chunked_refuses_no_elements() -> None:
    with pytest.raises(UserError, match=r"head\.chunk_elements=0"):
        ChunkedHead(WIDTH, TYPES, chunk_elements=0)
