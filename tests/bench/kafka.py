"""Kafka on a Flink cluster, its TaskManager killed. Prints figures; ends with status 1 where a message is missing or twice.

    python tests/bench/kafka.py                            # 50,000 messages at 500 a second, the TaskManager killed 3 times at random
    python tests/bench/kafka.py --kills 0 --rate 0         # as fast as the broker takes them: messages a second

The broker, the cluster (one JobManager, one TaskManager of 2 slots) and the SDK workers are processes of their own, from the parts
that `make test-engines` fetches. By default the recipe has no processors and a message is one short paragraph: the chain is
measured elsewhere (README.md here). `--recipe FILE` (or `--recipe default`) changes that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "engines"))

import broker_kafka
import clusters
import parts

WORDS = (
    "the council said on monday that a new harbour plan would cost more than expected and residents asked for answers while "
    "engineers measured water levels again before the vote of the committee about which nobody had been told"
).split()
ID = re.compile(rb'"input_id":"(\d+)"')


def message(number: int) -> tuple[str, bytes]:
    draw = random.Random(number)
    return str(number), json.dumps({"id": str(number), "text": f"{number}: {' '.join(draw.choices(WORDS, k=40))}."}).encode()


def counted(out: Path) -> Counter[str]:
    """What the manifests say so far."""
    total: Counter[str] = Counter()
    for path in out.glob("manifest-*.json"):
        total.update({kind: n for kind, n in json.loads(path.read_bytes())["counts"].items() if isinstance(n, int)})
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--rate", type=int, default=500, help="messages a second; 0: as fast as the broker takes them")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", default="")
    known = parser.parse_args()
    draw = random.Random(known.seed)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "none.yaml").write_text("processors: []\n")
        broker = broker_kafka.Kafka(place / "kafka")
        flink = None
        run = None
        try:
            flink = clusters.Flink(place / "flink", taskmanagers=1, slots=2)
            topic, out = broker.topic(4), place / "out"
            services = {"sdks:java:io:expansion-service:shadowJar": str(parts.kafka_connector())}
            # fmt: off
            command = [
                sys.executable, "-m", "newsbeam.cli", "run", "--source", f"kafka://{broker.address}/{topic}", "--output", str(out),
                "--window", str(known.window), "--runner", "flink", "--flink_master", flink.master, "--checkpointing_interval", "2000",
                f"--flink_job_server_jar={parts.flink_job_server()}", f"--beam_services={json.dumps(services)}",
                *(["--recipe", known.recipe or str(place / "none.yaml")] if known.recipe != "default" else []),
            ]
            # fmt: on
            begun = time.monotonic()
            run = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(parts.ROOT / ".src")}, stderr=subprocess.DEVNULL)
            broker.send(topic, [message(0)])
            while not counted(out):
                assert run.poll() is None, "the command ended"
                time.sleep(0.2)
            print(f"{time.monotonic() - begun:.0f} s from the command to its first file", flush=True)
            start = time.monotonic()
            pause = 1 / known.rate if known.rate else 0.0
            sender = threading.Thread(target=broker.send, args=(topic, map(message, range(1, known.messages)), pause), daemon=True)
            sender.start()
            span = known.messages / (known.rate or 2000)
            for moment in sorted(draw.uniform(0.05, 0.95) * span for _ in range(known.kills)):
                time.sleep(max(0.0, start + moment - time.monotonic()))
                flink.kill(flink.taskmanagers[0])
                flink.add_taskmanager()
                print(f"killed after {time.monotonic() - start:.0f} s, {counted(out)['documents']:,} records written", flush=True)
            sender.join()
            sent = time.monotonic() - start
            until = time.monotonic() + 1800
            while counted(out)["documents"] < known.messages and time.monotonic() < until and run.poll() is None:
                time.sleep(0.2)
            done = time.monotonic() - start
            run.send_signal(signal.SIGINT)
            status = run.wait(120)
            ids = Counter(int(number) for path in out.glob("documents-*") for number in ID.findall(path.read_bytes()))
            missing, twice = len(set(range(known.messages)) - set(ids)), sum(1 for times in ids.values() if times > 1)
            print(f"{known.messages:,} messages in {sent:.0f} s, all written after {done:.0f} s: {known.messages / done:,.0f} messages/s")
            print(
                f"{len(ids):,} records, {missing} missing, {twice} twice, {len(set(ids) - set(range(known.messages)))} that were never sent"
            )
            print(f"the windows' accounts: {dict(counted(out))}; the command ended with status {status}")
            return int(bool(missing or twice or status))
        finally:
            if run is not None and run.poll() is None:
                run.kill()
            if flink is not None:
                flink.stop()
            broker.stop()


if __name__ == "__main__":
    sys.exit(main())
