"""The roles of a configuration, for variants that change roles in place."""

from collections.abc import Iterator

import ml_collections


def learned(config: ml_collections.ConfigDict) -> Iterator[ml_collections.ConfigDict]:
    """Every role on which the run, or a run that it requires, trains."""
    yield from config.data.roles.values()
    for required in config.requires.values():
        yield from learned(required)


def tested(config: ml_collections.ConfigDict) -> Iterator[ml_collections.ConfigDict]:
    """Every role of the evaluations of the run and of the runs that it requires."""
    for evaluation in config.evals.values():
        yield from evaluation.roles.values()
    for required in config.requires.values():
        yield from tested(required)


def of_set(config: ml_collections.ConfigDict, name: str, train: str, test: str) -> None:
    """Sets the slices of data set `name`: `train` in roles of training, `test` in roles of evaluations."""
    for roles, split in ((learned, train), (tested, test)):
        for role in roles(config):
            if role.set == name:
                role.split = split


def named(config: ml_collections.ConfigDict, role: str) -> list[ml_collections.ConfigDict]:
    """The roles named `role` in the training batch and in every evaluation."""
    return [place.roles[role] for place in (config.data, *config.evals.values()) if role in place.roles]
