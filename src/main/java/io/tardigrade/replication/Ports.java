package io.tardigrade.replication;

/** Everything through which a member acts. */
public record Ports(
    Links links, Coordinator coordinator, MemberStore store, GuestControl guest, Journal journal) {}
