"""Calls two running copies of one app in turn, and prints for each round what the first took and what the second did."""

import sys
import time

from gradio_client import Client

rounds, *urls = sys.argv[1:]
clients = [Client(url, verbose=False) for url in urls]


def seconds(client):
    began = time.perf_counter()
    client.predict("x", api_name="/wait")
    return time.perf_counter() - began


for client in clients:
    for _ in range(3):
        seconds(client)
for number in range(int(rounds)):
    # Who goes first changes, so that neither always comes after the other's rest.
    order = [0, 1] if number % 2 else [1, 0]
    took = {place: seconds(clients[place]) for place in order}
    print(took[0], took[1], flush=True)
