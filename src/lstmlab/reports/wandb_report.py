"""A sweep's report on W&B: its sentences, its table, and pictures that W&B draws of the runs themselves."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lstmlab.errors import UserError
from lstmlab.training.loggers.wandb_run import key_is_configured

if TYPE_CHECKING:
    from wandb_workspaces.reports.v2.interface import Report

_METRIC = "val/bits_per_char"
_MOST_GROUPED = 4  # varied options with pictures of their own
_LONGEST_TITLE = 128  # characters; W&B takes no more


def build_wandb_report(
    *,
    title: str,
    sentences: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    project: str,
    entity: str | None = None,
    groups: Sequence[str] = (),
    options: Sequence[str] = (),
) -> "Report":
    """The report, built here without asking the server.

    Args:
        title: above everything.
        sentences: a paragraph each, the most important first.
        rows: the table: in each row the same columns, in the order of the first; values are shown as ``str`` does.
        project: of the runs and the report.
        entity: whose they are; None: the user's own, looked up when it is published.
        groups: the runs' W&B groups (the sweeps' names); none: all runs of the project.
        options: what was varied, as dotted names. A choice of a whole group (``model``) has no value of its own in a
            run's configuration, so it gets no pictures.

    Raises:
        UserError: the package that builds reports is not installed.
    """
    wr = _library()
    # Its entity and project would be looked up on the server: publish() fills them in.
    runs = wr.Runset(name=", ".join(groups) or "all runs", filters=_in_groups(groups))
    blocks: list[Any] = [wr.P(sentence) for sentence in sentences]
    if rows:
        blocks.append(wr.MarkdownBlock(_table(rows)))
    blocks.append(wr.PanelGrid(runsets=[runs], panels=_panels(options)))
    report: Report = wr.Report(
        project=project, entity=entity or "", title=title[:_LONGEST_TITLE], blocks=blocks, width="fluid"
    )
    return report


def publish(report: "Report") -> str:
    """Save the report on W&B's server and give its address.

    Raises:
        UserError: no key is configured, or the server refuses.
    """
    if not key_is_configured():
        raise UserError("no W&B key is configured, so the report cannot be published: run wandb login.")
    import wandb

    try:
        report.entity = report.entity or wandb.Api().default_entity or ""
        for block in report.blocks:
            for runs in getattr(block, "runsets", ()):
                runs.entity, runs.project = report.entity, report.project
        return str(report.save().url)
    except Exception as error:  # of several libraries: whatever it is, the server did not take it
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise UserError(f"the report could not be published on W&B ({reason}).") from error


def _library() -> Any:
    """W&B's own, which takes a second to import and names what it exports in no way that a type checker follows."""
    try:
        return import_module("wandb_workspaces.reports.v2")
    except ModuleNotFoundError as error:
        raise UserError(
            "a report on W&B needs the package wandb-workspaces: pip install 'lstmlab[wandb-report]'."
        ) from error


def _in_groups(groups: Sequence[str]) -> str:
    """In the language of the runs table's filter; its texts are quoted as Python's are."""
    return f'Metric("Group") in {list(groups)!r}' if groups else ""


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """In Markdown."""
    columns = list(rows[0])
    lines = [columns, ["---"] * len(columns), *([_cell(row.get(name)) for name in columns] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\n", " ")


def _panels(options: Sequence[str]) -> list[Any]:
    """Curves against epochs, then each option's means, then all options at once."""
    wr = _library()
    plotted = [option for option in options if "." in option or option == "seed"]
    varied = [option for option in plotted if option != "seed"]
    best, speed = wr.SummaryMetric(_METRIC), wr.SummaryMetric("train/tokens_per_second")
    whole = {"title_x": "epoch", "title_y": "bits per character"}
    panels: list[Any] = [
        wr.LinePlot(title="Validation, bits per character", x="epoch", y=[_METRIC], **whole),
        wr.LinePlot(title="Training loss, nats per token", x="epoch", y=["train/loss"], title_x="epoch"),
    ]
    for option in varied[:_MOST_GROUPED]:
        mean = {"groupby": wr.Config(option), "groupby_aggfunc": "mean", "groupby_rangefunc": "minmax"}
        panels += [
            wr.LinePlot(title=f"Validation by {option}: mean and range", x="epoch", y=[_METRIC], **whole, **mean),
            wr.BarPlot(title=f"Bits per character by {option}", metrics=[_METRIC], orientation="v", **mean),
            wr.ScatterPlot(title=f"Every run by {option}", x=wr.Config(option), y=best),
        ]
    panels.append(wr.ScatterPlot(title="Quality against speed", x=speed, y=best, log_x=True))
    if plotted:
        axes = [*map(wr.Config, plotted), best]
        panels += [
            wr.ParallelCoordinatesPlot(
                title="All options", columns=[wr.ParallelCoordinatesPlotColumn(metric=axis) for axis in axes]
            ),
            wr.ParameterImportancePlot(with_respect_to=_METRIC),
        ]
    return panels
