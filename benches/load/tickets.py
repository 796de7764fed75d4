#!/usr/bin/env python3
"""Files complaints as tickets at a steady rate and measures how long each takes to be acknowledged.

Open loop: a request is sent when its time has come, whether or not earlier ones were answered, and its time is counted
from that moment (no coordinated omission). Only Python's standard library is used. The server must be on this machine.

    jiesu serve --bundle . --data /tmp/load --listen 127.0.0.1:7080 &
    python3 benches/load/tickets.py --cases knowledge/cases/city.jsonl --rate 200 --seconds 60

With `--all` every case of the file is filed once, and what became of them is counted: the share that was dispatched with
nobody looking, and how often the department was the labelled one (`department`, matched by name).
"""

import argparse
import asyncio
import collections
import json
import time
import urllib.parse


class Connection:
    """One connection that is kept open; one request at a time."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self.reader = self.writer = None

    async def post(self, path, body, headers):
        if self.writer is None:
            self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        lines = [f"POST {path} HTTP/1.1", f"Host: {self.host}", "Content-Type: application/json",
                 f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]
        self.writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n")
                       if line.startswith(b"content-length")), None)
        if length is not None:
            return status, await self.reader.readexactly(length)
        return status, await self.chunks()

    async def chunks(self):
        body = b""
        while True:
            size = int(await self.reader.readline(), 16)
            body += await self.reader.readexactly(size)
            await self.reader.readexactly(2)
            if size == 0:
                return body


def complaint(case):
    fields = {name: case[name] for name in ("text", "title", "district") if case.get(name)}
    return json.dumps({**fields, "channel": "load"}, ensure_ascii=False).encode()


async def run(options):
    address = urllib.parse.urlsplit(options.server)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SystemExit("the server must be on this machine")
    with open(options.cases, encoding="utf-8") as file:
        cases = [json.loads(line) for line in file if line.strip()]
    count = len(cases) if options.all else int(options.rate * options.seconds)
    free = asyncio.LifoQueue()
    for _ in range(options.connections):
        free.put_nowait(Connection(address.hostname, address.port))
    headers = {"Authorization": f"Bearer {options.key}"} if options.key else {}
    took, statuses, answers = [], collections.Counter(), [None] * count
    began = time.perf_counter() + 0.5

    async def one(number):
        due = began + number / options.rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        connection = await free.get()
        try:
            case = cases[number % len(cases)]
            key = {"Idempotency-Key": f"{options.run}-{number}"}
            status, body = await connection.post("/v1/tickets", complaint(case), {**headers, **key})
            statuses[status] += 1
            took.append(time.perf_counter() - due)
            if options.all and status == 201:
                answers[number] = json.loads(body)
        except (OSError, asyncio.IncompleteReadError) as error:
            statuses[type(error).__name__] += 1
            connection.writer = None
        finally:
            free.put_nowait(connection)

    await asyncio.gather(*(one(number) for number in range(count)))
    seconds = time.perf_counter() - began
    took.sort()
    at = lambda share: round(took[min(len(took) - 1, int(share * len(took)))] * 1000, 2) if took else None
    report = {"requests": count, "seconds": round(seconds, 1), "per_second": round(count / seconds, 1),
              "statuses": {str(status): number for status, number in statuses.items()},
              "milliseconds": {"p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)}}
    if options.all:
        report["outcome"] = outcome(cases, answers)
    print(json.dumps(report, ensure_ascii=False, indent=2))


def outcome(cases, answers):
    """What became of them: the dispatched by themselves and those before a person, each with how often they are right."""
    counts = collections.Counter()
    for case, ticket in zip(cases, answers):
        if ticket is None:
            counts["failed"] += 1
            continue
        decided = (ticket.get("decision") or {}).get("department") or {}
        group = "automatic" if ticket["automatic"] else "in_review"
        counts[group] += 1
        label = case.get("department")
        right = label is not None and label in (decided.get("name"), decided.get("id"))
        counts[f"{group}_right"] += right
    total = sum(counts[group] for group in ("automatic", "in_review"))
    share = lambda part, whole: round(counts[part] / whole, 4) if whole else None
    return {**counts, "automatic_share": share("automatic", total), "review_share": share("in_review", total),
            "automatic_accuracy": share("automatic_right", counts["automatic"]),
            "in_review_accuracy": share("in_review_right", counts["in_review"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="http://127.0.0.1:7080")
    parser.add_argument("--cases", required=True, help="JSON Lines of the exchange format")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--key", help="an API key with the scope agent")
    parser.add_argument("--all", action="store_true", help="file every case once and count what became of them")
    parser.add_argument("--run", default=str(int(time.time())), help="begins the idempotency keys")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
