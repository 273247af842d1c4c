"""Commands that measure: displays of papers, whole papers, their claims, the results page."""

from __future__ import annotations

from pathlib import Path

from lab.cli.options import add_options, add_processes, given


def add_experiments(commands) -> None:
    """One command per display, its options the parameters of its spec; mostly below a command named after the paper."""
    from lab.papers import PAPERS

    for paper in PAPERS.values():
        place = commands
        if not paper.at_top:
            about = f"{paper.title}: {', '.join(paper.experiments)}"
            place = commands.add_parser(paper.key, help=about).add_subparsers(required=True, metavar="display")
        for name, made in paper.experiments.items():
            command = place.add_parser(name, help=made.title)
            add_options(command, made.parameters)
            command.add_argument("--data-root", help="where a data set lies that is not built in")
            command.add_argument("--out", type=Path, help="folder for the text, the rows as CSV and the figures")
            if made.gives != "settings":
                add_processes(command)
            command.set_defaults(run=experiment, made=made)


def experiment(options) -> None:
    from lab.reproduce.run import on_terminal, write

    made = options.made
    measured = made.measured(data_root=options.data_root, **given(options, made.parameters))
    report = made.layout(measured)
    print(on_terminal(report))
    if options.out:
        write(options.out, made.name, report, measured)


def add_reproduce(commands) -> None:
    from lab.papers import PAPERS

    command = commands.add_parser("reproduce", help="all tables and figures of a paper, from the store where it can")
    command.add_argument("paper", help=", ".join(PAPERS))
    command.add_argument("--dataset", default="scenes")
    command.add_argument("--split", help="of the data set; default: its own for evaluation")
    command.add_argument("--data-root")
    command.add_argument("--images", type=int, default=32)
    command.add_argument("--seeds", type=int, default=1)
    command.add_argument("--out", type=Path, help="folder for the texts, the rows as CSV and the figures")
    add_processes(command)
    command.set_defaults(run=reproduce)


def reproduce(options) -> None:
    from lab.reproduce.run import on_terminal, reproduced, write

    chosen = given(options, ("dataset", "split", "images", "seeds"))
    for made, report, measured in reproduced(options.paper, data_root=options.data_root, **chosen):
        print(on_terminal(report), end="\n\n", flush=True)
        if options.out:
            write(options.out, made.name, report, measured)


def add_claims(commands) -> None:
    from lab.papers import PAPERS

    command = commands.add_parser("claims", help="what a paper claims in words, judged: holds, fails or undecided")
    command.add_argument("paper", help=", ".join(PAPERS))
    command.add_argument("--dataset", default="scenes")
    command.add_argument("--data-root")
    command.add_argument("--images", type=int, default=32)
    command.add_argument("--seeds", type=int, default=3, help="training runs, as far as the zoo holds them")
    command.add_argument("--claim", metavar="KEY", help="one claim, with all its contrasts")
    add_processes(command)
    command.set_defaults(run=claims)


def claims(options) -> None:
    from lab.data import read_from
    from lab.papers import PAPERS
    from lab.papers import paper as paper_of
    from lab.reproduce import verdict_report, verdicts
    from lab.reproduce.run import on_terminal

    paper = paper_of(options.paper)
    if not paper.claims:
        raise ValueError(
            f"wanted a paper with claims: {', '.join(p.key for p in PAPERS.values() if p.claims)}, got {paper.key}"
        )
    read_from(options.data_root, (options.dataset, paper.other(options.dataset)))
    told = verdicts.declared(paper, options.claim)
    rows = verdicts.judged(paper, told, options.dataset, options.data_root, images=options.images, seeds=options.seeds)
    print(on_terminal(verdict_report.report(rows, told, paper.title, paper.remark)))


def add_report(commands) -> None:
    command = commands.add_parser("report", help="write docs/RESULTS.md, measuring what the store lacks (hours)")
    command.add_argument("--data-root", help="where CamVid lies; without it only the built-in scenes are measured")
    command.add_argument("--only", nargs="+", default=[], help="these displays alone, such as table2 figure5")
    command.add_argument("--page", action="store_true", help="the page alone, from the rows in docs/results")
    command.add_argument("--out", type=Path, default=Path("docs"))
    add_processes(command)
    command.set_defaults(run=report)


def report(options) -> None:
    from lab.reproduce.results import write, write_page

    if options.page and (options.only or options.data_root or options.measuring):
        raise ValueError("wanted --page alone: it measures nothing, so it takes no --only, --data-root or --processes")
    print(write_page(options.out) if options.page else write(options.out, options.data_root, options.only))
