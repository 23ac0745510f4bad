/**
 * Streams of messages between hosts: TCP with TLS 1.3, certificates of the cluster on both sides.
 * The edge of {@link io.tardigrade.replication.Links}.
 */
@NullMarked
package io.tardigrade.links;

import org.jspecify.annotations.NullMarked;
