/**
 * This host as one of several: the thread of each of its members, and what connects it with links
 * and coordinator.
 */
@NullMarked
package io.tardigrade.cluster;

import org.jspecify.annotations.NullMarked;
