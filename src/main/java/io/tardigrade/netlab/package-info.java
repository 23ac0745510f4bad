/**
 * A lab of kind {@code namespace}: hosts of a cluster as network namespaces of this machine, each
 * with its own agent, folders and addresses, whose links can be made slow, lossy or be cut, and
 * whose power can be cut.
 */
@NullMarked
package io.tardigrade.netlab;

import org.jspecify.annotations.NullMarked;
