/**
 * A guest's way to the network: TAP, bridge and published ports of the host, the frames between
 * hypervisor and guardian, and the output gate that holds them until their epoch commits.
 */
@NullMarked
package io.tardigrade.network;

import org.jspecify.annotations.NullMarked;
