"""``trainer.precision=auto``: bf16 where the hardware computes in it, else fp32."""

import torch


def resolve_precision(precision: str, accelerator: str) -> str:
    """The precision that is taken: "auto" becomes "bf16-mixed" or "32-true", any other stays.

    CPUs compute in bf16 with AMX or AVX512-BF16, NVIDIA GPUs from Ampere on.
    """
    if precision != "auto":
        return precision
    if accelerator == "cpu" or not torch.cuda.is_available():
        fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    else:
        fast = torch.cuda.is_bf16_supported(including_emulation=False)
    return "bf16-mixed" if fast else "32-true"
