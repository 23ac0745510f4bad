package io.tardigrade.bench;

import java.util.List;

/** Loads of redis-benchmark. */
enum RedisLoad {
  LONE("-c1", 1, 1, 40, 0),
  MANY("-c20", 20, 1, 400, 0.75),
  PIPELINED("-c50 -P16", 50, 16, 8000, 0.85);

  static final List<String> TESTS = List.of("SET", "GET");

  private final String text;
  private final int clients;
  private final int pipeline;
  private final int probeRequests;
  private final double share;

  RedisLoad(String text, int clients, int pipeline, int probeRequests, double share) {
    this.text = text;
    this.clients = clients;
    this.pipeline = pipeline;
    this.probeRequests = probeRequests;
    this.share = share;
  }

  String text() {
    return text;
  }

  int clients() {
    return clients;
  }

  int pipeline() {
    return pipeline;
  }

  /** So many are enough to tell roughly how fast it is. */
  int probeRequests() {
    return probeRequests;
  }

  /** The share of unprotected throughput to be reached, or 0. */
  double share() {
    return share;
  }
}
