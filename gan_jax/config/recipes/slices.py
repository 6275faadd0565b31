"""Roles of a configuration, to be changed in place by variants: training's, evaluations', required runs'."""

from collections.abc import Iterator

import ml_collections


def learned(config: ml_collections.ConfigDict) -> Iterator[ml_collections.ConfigDict]:
    """Every role that a run or one that it requires trains on."""
    yield from config.data.roles.values()
    for required in config.requires.values():
        yield from learned(required)


def tested(config: ml_collections.ConfigDict) -> Iterator[ml_collections.ConfigDict]:
    """Every role of an evaluation of a run or of one that it requires."""
    for evaluation in config.evals.values():
        yield from evaluation.roles.values()
    for required in config.requires.values():
        yield from tested(required)


def of_set(config: ml_collections.ConfigDict, name: str, train: str, test: str) -> None:
    """Other slices of a data set: `train` wherever it is learned from, `test` wherever it is evaluated on."""
    for roles, split in ((learned, train), (tested, test)):
        for role in roles(config):
            if role.set == name:
                role.split = split


def named(config: ml_collections.ConfigDict, role: str) -> list[ml_collections.ConfigDict]:
    """The roles of this name, of training and of every evaluation."""
    return [place.roles[role] for place in (config.data, *config.evals.values()) if role in place.roles]
