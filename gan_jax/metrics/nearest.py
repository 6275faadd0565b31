"""Nearest neighbours by Euclidean distance, computed on the device in parts."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

_QUERIES, _REFERENCES = 1024, 16384  # rows in one part; their distances take 64 MiB
_BYTES = 2**28  # of one part of the references, as floats


def neighbours(queries: np.ndarray, references: np.ndarray, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest references of each query.

    Distances are exact to float32: `|a|^2 - 2 a.b + |b|^2`, with products at the highest precision.

    Args:
      queries: [Q, ...], any shape and range.
      references: [R, ...], with the same shape after the first axis; an array, or what is indexed like one.
        Only a part of them is in memory at a time.
      k: 1 to R.

    Returns:
      Rows of `references`, int [Q, k], the nearest first, and their squared distances, float32 [Q, k]. Among
      equally near references the first comes first.

    Raises:
      ValueError: the shapes do not match, or k is out of range.
    """
    if queries.shape[1:] != references.shape[1:]:
        raise ValueError(f"queries are {queries.shape[1:]} each, references {references.shape[1:]}")
    if not 1 <= k <= len(references):
        raise ValueError(f"k={k} is not allowed; allowed: 1 to {len(references)}")
    flat = queries.reshape(len(queries), -1)
    parts = [_of_queries(flat[i : i + _QUERIES], references, k) for i in range(0, len(queries), _QUERIES)]
    rows, distances = (np.concatenate(column) for column in zip(*parts, strict=True))
    return rows, distances


def classify(queries: np.ndarray, references: np.ndarray, labels: np.ndarray, k: int = 1) -> np.ndarray:
    """Labels [Q] by vote of the k nearest references; with equal votes the smallest label wins.

    Args:
      queries: [Q, ...].
      references: [R, ...].
      labels: integers [R], 0 or more.
      k: number of neighbours that vote; Taigman et al. 2016, Table 2, has 1.
    """
    votes = labels[neighbours(queries, references, k)[0]]
    return np.stack([votes == label for label in range(labels.max() + 1)]).sum(-1).argmax(0)


def _of_queries(queries, references, k):
    best = np.zeros((len(queries), 0), np.int64), np.zeros((len(queries), 0), np.float32)
    step = max(1, min(_REFERENCES, _BYTES // (4 * max(1, queries.shape[1]))))
    for first in range(0, len(references), step):
        part = references[first : first + step]
        part = part.reshape(len(part), -1)
        distances, rows = _nearest(queries, part, min(k, len(part)))
        rows = np.concatenate([best[0], np.asarray(rows) + first], axis=1)
        distances = np.concatenate([best[1], np.asarray(distances)], axis=1)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(rows, order, 1), np.take_along_axis(distances, order, 1)
    return best


@functools.partial(jax.jit, static_argnums=2)
def _nearest(queries, references, k):
    queries, references = queries.astype(jnp.float32), references.astype(jnp.float32)
    products = jnp.matmul(queries, references.T, precision=jax.lax.Precision.HIGHEST)
    squares = jnp.sum(queries**2, -1)[:, None] + jnp.sum(references**2, -1)
    negative, rows = jax.lax.top_k(2 * products - squares, k)
    return jnp.maximum(-negative, 0), rows
