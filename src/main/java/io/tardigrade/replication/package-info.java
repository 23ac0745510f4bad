/**
 * Who may run a guest, and what its backups hold: one {@link io.tardigrade.replication.Member} per
 * guest and host, the messages between them and their form on the wire. Pure: time, links,
 * coordinator, storage and the guest are handed in.
 */
@NullMarked
package io.tardigrade.replication;

import org.jspecify.annotations.NullMarked;
