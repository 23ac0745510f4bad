package io.tardigrade.replication;

/**
 * A host as the coordinator knows it.
 *
 * @param zone what fails together, as told at join; empty where not told
 * @param freeBytes memory that a backup may take
 * @param ready alive and not under maintenance
 */
public record HostRoom(String host, String zone, long freeBytes, boolean ready) {}
