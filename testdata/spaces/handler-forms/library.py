"""What happens beside the page: threads, pools and callbacks."""

import asyncio
import functools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from apscheduler.schedulers.background import BackgroundScheduler

POOL = ThreadPoolExecutor(max_workers=2)
SHELVES = {}


def refresh():
    SHELVES.clear()


def heartbeat(stop):
    while not stop.wait(30):
        refresh()


def tidy(shelf):
    SHELVES.pop(shelf, None)


def report(future):
    print("tidied", future.result())


def weigh(book):
    return len(book)


def shelve(book):
    return weigh(book)


def later():
    time.sleep(1)
    refresh()


stop = threading.Event()
threading.Thread(target=heartbeat, args=(stop,), daemon=True).start()
threading.Timer(600, later).start()
POOL.submit(tidy, "old").add_done_callback(report)
scheduler = BackgroundScheduler()
scheduler.add_job(refresh, "interval", minutes=10)
scheduler.start()


async def search(words):
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(POOL, functools.partial(shelve, words))
    return found + await asyncio.to_thread(weigh, words)
