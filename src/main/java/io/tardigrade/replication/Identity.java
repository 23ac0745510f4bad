package io.tardigrade.replication;

/**
 * Who a member is.
 *
 * @param host the name in its certificate
 * @param run chosen at random whenever the process is started
 */
public record Identity(String host, long run) {}
