"""Show in MLflow what a stage does while it works (`tracking.live` in params.yaml), and never hold it up.

One thread of the driver looks every ten seconds and writes to one run in the experiment `<study>-live`; workers only
append to their journals (core/journal.py), for a server that is away must not cost a training. While MLflow does not
answer, what was seen waits and is sent later, in order. `track` leaves these runs alone, and writes the results.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from harness.core.engine import Engine
from harness.core.log import log
from harness.tracking.address import TrackingError
from harness.tracking.client import make_quiet
from harness.tracking.live_progress import StageLook, StageProgress
from harness.tracking.live_run import FAILED, FINISHED, KILLED, LiveRun
from harness.tracking.store_state import uri_of_study

EVERY = 10.0  # seconds between two looks
LAST = 20.0  # seconds in which what is left may be sent when the work is over
AFTER_CTRL_C = 5.0  # seconds, for whoever waits at a terminal
PAUSE = 1.0  # seconds between two tries then
WAITING = 2000  # looks that wait at most
AT_ONCE = 50  # looks in a request
WELL = 60  # looks taken one after the other, until which trouble is still the same trouble


@contextmanager
def shown(opening: AbstractContextManager[Engine], study: str, name: str) -> Iterator[Engine]:
    """Give an engine whose work is shown in MLflow until the end of the block.

    Args:
        opening: opens the engine.
        study: `study` of params.yaml.
        name: of the stage and its row, as the run is to be called.
    """
    publisher: Publisher | None = None
    try:
        with opening as engine:
            publisher = _publisher(study, name, engine)
            try:
                yield engine
            except (KeyboardInterrupt, SystemExit):
                _stop(publisher, KILLED, AFTER_CTRL_C)
                raise
            except BaseException:
                _stop(publisher, FAILED, LAST)
                raise
            _stop(publisher, FINISHED, LAST)
    finally:  # when the workers have ended: they need not wait for MLflow
        if publisher is not None:
            publisher.wait()


def thinned(looks: Sequence[StageLook], most: int) -> Sequence[StageLook]:
    """Return the looks, or every second one where they are too many; the newest stays."""
    return looks if len(looks) <= most else looks[::-1][::2][::-1]


class Publisher:
    """A thread that looks and sends; errors of its own or of MLflow are one warning."""

    def __init__(self, uri: str, study: str, name: str, engine: Engine) -> None:
        self._lock = threading.Lock()  # of what follows
        self._progress = StageProgress(engine)
        self._waiting: list[StageLook] = []
        self._status = ""
        self._over = threading.Event()
        self._ended, self._until = 0.0, 0.0
        self._is_complete = self._is_told = False
        self._well = 0
        make_quiet()  # here: two threads that import the same packages at once may see half of one
        self._run = LiveRun(uri, study, name, engine, self._tell)
        self._thread = threading.Thread(target=self._work, name="MLflow", daemon=True)
        self._thread.start()

    def stop(self, status: str, seconds: float) -> None:
        """Look for the last time, and let the thread send what is left.

        Args:
            status: of the run.
            seconds: that it may take.
        """
        with self._lock:
            self._status, self._ended, self._until = status, time.time(), time.monotonic() + seconds
            self._over.set()
            self._keep(self._progress.look({}, last=True))

    def wait(self) -> None:
        """Wait for the thread, not longer than `stop` has said."""
        self._thread.join(max(self._until - time.monotonic(), 0.0))
        if not self._is_complete:
            log.info("MLflow has not taken the end of the live run; nothing else is missing")

    def _work(self) -> None:
        while not self._over.is_set():
            self._look()
            self._send()
            self._over.wait(EVERY)
        while not self._send() and time.monotonic() + PAUSE < self._until:
            time.sleep(PAUSE)

    def _look(self) -> None:
        try:
            with self._lock:
                if not self._status:  # else the engine may be gone, and Ray would start another one
                    self._keep(self._progress.look(self._progress.gpus()))
        except Exception as error:  # whatever it is: the stage goes on
            self._tell(error)

    def _keep(self, look: StageLook) -> None:
        self._waiting[:] = thinned([*self._waiting, look], WAITING)

    def _send(self) -> bool:
        """Send what waits; return whether nothing is left to do."""
        try:
            while looks := self._first():
                self._run.log(looks)
                with self._lock:
                    self._waiting[:] = [look for look in self._waiting if look not in looks]
            if self._status:
                self._run.end(self._status, self._ended)
                self._is_complete = True
        except Exception as error:  # whatever it is: the stage goes on
            self._tell(error)
            return False
        self._well += 1
        if self._well > WELL:
            self._is_told = False
        return True

    def _first(self) -> list[StageLook]:
        with self._lock:
            return self._waiting[:AT_ONCE]

    def _tell(self, error: Exception) -> None:
        """Warn, once until MLflow has answered for long: one that refuses now and then is one trouble."""
        problem = error.problem if isinstance(error, TrackingError) else f"MLflow: {type(error).__name__}: {error}"
        self._well = 0
        if not self._is_told:
            self._is_told = True
            log.warning(f"{problem}; the live run goes on once it answers")


def _publisher(study: str, name: str, engine: Engine) -> Publisher | None:
    try:
        return Publisher(uri_of_study(), study, name, engine)
    except Exception as error:  # whatever it is: the stage goes on
        log.warning(f"MLflow: {type(error).__name__}: {error}; there is no live run")
        return None


def _stop(publisher: Publisher | None, status: str, seconds: float) -> None:
    try:
        if publisher is not None:
            publisher.stop(status, seconds)
    except Exception as error:  # whatever it is: the stage goes on
        log.warning(f"MLflow: {type(error).__name__}: {error}; the end of the live run is missing there")
