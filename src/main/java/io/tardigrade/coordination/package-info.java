/**
 * What the hosts of a cluster agree on, kept in ZooKeeper: the view of each guest, and which hosts
 * there are. The edge of {@link io.tardigrade.replication.Coordinator}; never on the path of a
 * checkpoint.
 */
@NullMarked
package io.tardigrade.coordination;

import org.jspecify.annotations.NullMarked;
