"""The start of jax on this machine, and how the processes of a cluster come together and part."""

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

import jax
from jax._src import distributed as cluster
from jax.experimental import multihost_utils

from gan_jax.errors import ConfigError

_log = logging.getLogger(__name__)

_LAST_SECONDS = 60  # how long a finished process waits for the others before it ends them
_LAST_WORDS = 5  # grace period in seconds for the other processes before rank 0 exits


def start(
    platform: str = "",
    distributed: bool = False,
    compilation_cache: str = "",
    debug_nans: bool = False,
    matmul_precision: str = "",
) -> None:
    """Configures jax before anything touches a device.

    Args:
      platform: 'cpu', 'gpu' or 'tpu'; '' leaves the choice to jax.
      distributed: join the other processes of a cluster. Address, number of processes and rank come from the
        cluster's environment, or from JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID.
      compilation_cache: folder for compiled programs, see `programs`.
      debug_nans: stop inside the operation that makes a NaN.
      matmul_precision: `jax_default_matmul_precision`, the precision of float32 products on accelerators; ''
        leaves the choice to the environment and jax, which takes TF32 on recent NVIDIA GPUs.

    Raises:
      ConfigError: this machine has no device of the platform, or no cluster was found.
    """
    if platform:
        jax.config.update("jax_platforms", {"gpu": "cuda"}.get(platform, platform))
    jax.config.update("jax_debug_nans", debug_nans)
    own = matmul_precision or os.environ.get("JAX_DEFAULT_MATMUL_PRECISION")
    jax.config.update("jax_default_matmul_precision", own)
    if distributed:
        _join()
    try:
        platform = jax.devices()[0].platform
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ConfigError(f"platform={platform!r} has no device here: {reason}") from error
    folder = programs(compilation_cache, platform)
    if folder or compilation_cache:  # else jax's own setting remains
        jax.config.update("jax_compilation_cache_dir", folder or None)
    if folder:
        _log.info("compiled programs are kept in %s", folder)
    # On CPUs the first collective opens the connections and waits at most 30 s for the other processes; later
    # ones wait half an hour. All processes have just started here, so none is 30 s behind.
    barrier("joined")


def programs(given: str, platform: str) -> str:
    """The folder of compiled programs; '' if there is none, or if jax's own variable names one.

    Args:
      given: a folder; 'none'; or '', which is the user's cache folder on accelerators. On a CPU it is none,
        since programs for one CPU do not run on all others.
      platform: of the devices.
    """
    if given == "none":
        return ""
    if given or platform == "cpu" or "JAX_COMPILATION_CACHE_DIR" in os.environ:
        return given
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return os.path.join(os.path.expanduser(home), "gan_jax", "programs")


def _join() -> None:
    """Joins the other processes; environment variables give number and rank where no cluster does."""

    def number(name: str) -> int | None:
        return int(os.environ[name]) if name in os.environ else None

    # The service takes over SIGTERM, which must end a process at once until `agreement` is called.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            os.environ.get("JAX_COORDINATOR_ADDRESS"),
            number("JAX_NUM_PROCESSES"),
            number("JAX_PROCESS_ID"),
            shutdown_timeout_seconds=_LAST_SECONDS,
        )
    except (ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        message = f"distributed=True: {reason} No cluster was found, and JAX_COORDINATOR_ADDRESS, "
        raise ConfigError(message + "JAX_NUM_PROCESSES and JAX_PROCESS_ID are not all set") from error


def agreement() -> Callable[[int], bool] | None:
    """Lets the processes of a cluster agree on the step at which they stop; None for a single process.

    From this call on, jax takes SIGTERM to any process for a request to stop, and tells all processes.

    Returns:
      `reached(step)`, whether all processes stop after this step. Every process must call it at every step.
    """
    if jax.process_count() == 1:
        return None
    if cluster.global_state.preemption_sync_manager is None:
        jax.config.update("jax_enable_preemption_service", True)
        # jax itself has no public function for this step of `initialize`.
        cluster.global_state.initialize_preemption_sync_manager()
    return multihost_utils.reached_preemption_sync_point


def lost(error: Exception) -> str:
    """What an error of a collective says if another process of the cluster has gone; '' for other errors."""
    runtime = isinstance(error, jax.errors.JaxRuntimeError) and jax.distributed.is_initialized()
    # Memory is the one thing that a collective's own process can lack.
    return str(error).splitlines()[0] if runtime and "RESOURCE_EXHAUSTED" not in str(error) else ""


def leave(code: int) -> NoReturn:
    """Ends this process with an exit code.

    One of several processes skips jax's own shutdown, which would wait in vain for the others.
    """
    if jax.distributed.is_initialized():
        if jax.process_index() == 0:
            time.sleep(_LAST_WORDS)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def describe() -> dict[str, Any]:
    """The machine as `{platform, kind, devices, processes}`."""
    first = jax.devices()[0]
    return {
        "platform": first.platform,
        "kind": first.device_kind,
        "devices": jax.device_count(),
        "processes": jax.process_count(),
    }


def process() -> tuple[int, int]:
    """This process's rank and the number of processes. Only rank 0 writes files."""
    return jax.process_index(), jax.process_count()


def barrier(name: str) -> None:
    """Waits until every process has reached this call; returns at once in a single process."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)
